//! Configuration: read once, at the start, from the environment over the config file over defaults. Every
//! setting is known here, one file per concern, and described in `.env.sample`; every mistake is told, all of
//! them together, and stops the start.

mod authentication;
mod callback;
mod execution;
mod file;
mod history;
mod http;
mod import;
mod kubernetes;
mod layers;
mod log;
mod mail;
mod plugins;
mod postgres;
mod reader;
mod redis;
mod schedule;
mod secrets;
mod tls;
mod v2;

use std::fmt;
use std::path::PathBuf;

use reader::Reader;
use tracing::warn;

use crate::catalog::redis::RedisSettings;
use crate::deliveries::mail::MailSettings;
use crate::domain::callback::AllowedHosts;
use crate::store::Audience;

pub use authentication::{AuthenticationConfig, PluginChoice};
pub use execution::ExecutionConfig;
pub use history::HistoryConfig;
pub use http::HttpConfig;
pub use import::ImportConfig;
pub use kubernetes::KubernetesConfig;
pub use layers::{Layers, Origin};
pub use log::LogConfig;
pub use plugins::PluginsConfig;
pub use postgres::PostgresConfig;
pub use schedule::ScheduleConfig;
pub use secrets::SecretsConfig;

/// How the names of our variables begin.
const PREFIX: &str = "PROCTOR_";

/// All that can be configured.
#[derive(Debug, Clone)]
pub struct Config {
    pub authentication: AuthenticationConfig,
    /// Where callbacks may go.
    pub callbacks: AllowedHosts,
    pub http: HttpConfig,
    pub execution: ExecutionConfig,
    pub history: HistoryConfig,
    pub kubernetes: KubernetesConfig,
    pub log: LogConfig,
    /// Present if there is a mail server.
    pub mail: Option<MailSettings>,
    pub plugins: PluginsConfig,
    /// Present if it is named; `require` has seen to it where it is needed.
    pub postgres: Option<PostgresConfig>,
    pub redis: Option<RedisSettings>,
    pub schedule: ScheduleConfig,
    pub secrets: Option<SecretsConfig>,
    pub import: ImportConfig,
}

/// What the configuration is for, and so what must be in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Nothing need be set.
    Dev,
    /// Database, Redis, keys and a runner.
    Start,
    /// The database alone.
    Migrate,
    /// Database, Redis and keys.
    Import,
    /// The database, and the runner for what it knows.
    Recover,
    /// Where secrets are: Redis and the keys.
    Secrets,
}

/// One setting as it is in force; the value of a secret is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    pub name: &'static str,
    pub value: String,
    pub origin: Origin,
}

/// A configuration, right or wrong, and everything that was found out about it.
#[derive(Debug, Clone)]
pub struct Examined<T = Config> {
    /// To be used only if there are no mistakes.
    config: T,
    /// The config file that was read.
    pub file: Option<PathBuf>,
    pub settings: Vec<Setting>,
    pub mistakes: Vec<String>,
    pub warnings: Vec<String>,
}

/// A configuration without mistakes, and what its author should know about it.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<String>,
}

/// Everything that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    pub mistakes: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the configuration has mistakes:\n- {}",
            self.mistakes.join("\n- ")
        )
    }
}

impl std::error::Error for ConfigError {}

impl Config {
    /// The configuration of this process.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn load(purpose: Purpose) -> Result<Loaded, ConfigError> {
        Self::examine(Layers::of_process(), purpose).loaded()
    }

    /// Reads the layers, and tells everything about them.
    #[must_use]
    pub fn examine(layers: Layers, purpose: Purpose) -> Examined {
        let mut reader = Reader::new(layers);
        let config = Self::read(&mut reader);
        config.require(&mut reader, purpose);
        reader.close(config)
    }

    /// Who is told of what happens, beside those that an execution names itself.
    #[must_use]
    pub fn audience(&self) -> Audience {
        let plugins = self.plugins.notifications.iter();
        Audience {
            notifications: plugins.map(PluginChoice::known_as).collect(),
            has_mail: self.mail.is_some(),
        }
    }

    fn read(reader: &mut Reader) -> Self {
        reader.know_of("PROCTOR_FAIL_POINTS");
        // The command line's own, which a developer has in the same environment.
        reader.know_of("PROCTOR_HOST");
        v2::know(reader);
        let authentication = AuthenticationConfig::read(reader);
        Self {
            http: HttpConfig::read(reader, authentication.is_on()),
            authentication,
            callbacks: callback::read(reader),
            execution: ExecutionConfig::read(reader),
            history: HistoryConfig::read(reader),
            kubernetes: KubernetesConfig::read(reader),
            log: LogConfig::read(reader),
            mail: mail::read(reader),
            plugins: PluginsConfig::read(reader),
            postgres: PostgresConfig::read(reader),
            redis: redis::read(reader),
            schedule: ScheduleConfig::read(reader),
            secrets: SecretsConfig::read(reader),
            import: ImportConfig::read(reader),
        }
    }

    /// Notes what is missing for this purpose.
    fn require(&self, reader: &mut Reader, purpose: Purpose) {
        let starts = purpose == Purpose::Start;
        let has_database = !matches!(purpose, Purpose::Dev | Purpose::Secrets);
        let has_redis = !matches!(purpose, Purpose::Dev | Purpose::Migrate | Purpose::Recover);
        if has_database && self.postgres.is_none() {
            reader.miss(
                &["PROCTOR_DATABASE_URL", "PROCTOR_POSTGRES_"],
                "the database is not named: set PROCTOR_DATABASE_URL, or PROCTOR_POSTGRES_HOST, \
                 PROCTOR_POSTGRES_USER and PROCTOR_POSTGRES_DATABASE",
            );
        }
        if has_redis && self.redis.is_none() {
            reader.miss(
                &["PROCTOR_REDIS_ADDRESS", "PROCTOR_REDIS_SENTINEL"],
                "Redis is not named: set PROCTOR_REDIS_ADDRESS",
            );
        }
        if has_redis && self.secrets.is_none() {
            reader.miss(
                &["PROCTOR_SECRET_KEYS"],
                "there is no key to seal secrets with: make one with `proctord secrets new-key`, keep \
                 it safe, and set PROCTOR_SECRET_KEYS or PROCTOR_SECRET_KEYS_FILE",
            );
        }
        if starts {
            self.execution.require_runner(reader);
        }
        if let Some(files) = &self.http.tls
            && (starts || purpose == Purpose::Dev)
        {
            tls::require(reader, files);
        }
    }
}

impl Loaded {
    /// Tells the log what the author should know.
    pub fn warn(&self) {
        for warning in &self.warnings {
            warn!("{warning}");
        }
    }
}

impl Examined {
    /// The configuration, if it has no mistakes.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn loaded(self) -> Result<Loaded, ConfigError> {
        let Self {
            config,
            mistakes,
            warnings,
            ..
        } = self;
        if mistakes.is_empty() {
            Ok(Loaded { config, warnings })
        } else {
            Err(ConfigError { mistakes })
        }
    }
}

#[cfg(test)]
mod tests;
