//! Configuration: read once, at the start, from the environment. Every variable is known here and described
//! in `.env.sample`; every mistake is told, all of them together, and stops the start.

mod reader;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use reader::Reader;

use crate::domain::version::Version;

const MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(10_000).expect("10,000 is not zero");

/// All that can be configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    pub http: HttpConfig,
    pub execution: ExecutionConfig,
    pub log: LogConfig,
}

/// How the service is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpConfig {
    /// 0 takes a free one.
    pub port: u16,
    /// Names beside loopback under which the service may be addressed.
    pub allowed_hosts: Vec<String>,
    /// Clients that tell an older version are refused; absent, none is.
    pub min_client_version: Option<Version>,
    /// How long the head of a request may take to arrive.
    pub head_timeout: Duration,
    /// How long its body may take after that.
    pub body_timeout: Duration,
    /// The most connections at a time; more wait until one is closed.
    pub max_connections: NonZeroU32,
}

/// How executions are handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionConfig {
    /// How long the answer to a new execution waits for its launch.
    pub launch_wait: Duration,
    /// Between TERM and KILL, unless a stop says otherwise.
    pub stop_grace: Duration,
    /// How long a runner keeps what is left of an execution whose log is stored.
    pub keep: Duration,
}

/// What is logged, and how much is kept of the logs of executions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// Of a longer log the middle is deleted.
    pub limit_bytes: u64,
    /// A level, or directives as `tracing` has them.
    pub level: String,
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

/// A configuration, and what its author should know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    pub config: Config,
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn from_environment() -> Result<Loaded, ConfigError> {
        // A variable that is no text cannot be one of ours.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::from_variables(variables.collect())
    }

    /// Reads the given variables.
    ///
    /// # Errors
    /// Every mistake in them.
    pub fn from_variables(variables: BTreeMap<String, String>) -> Result<Loaded, ConfigError> {
        let mut reader = Reader::new(variables);
        let config = Self::read(&mut reader);
        let (mistakes, warnings) = reader.close();
        if mistakes.is_empty() {
            Ok(Loaded { config, warnings })
        } else {
            Err(ConfigError { mistakes })
        }
    }

    fn read(reader: &mut Reader) -> Self {
        reader.know_of("PROCTOR_FAIL_POINTS");
        // The command line's own, which a developer has in the same environment.
        reader.know_of("PROCTOR_HOST");
        Self {
            http: HttpConfig {
                port: reader.port("PROCTOR_APP_PORT", 5001),
                allowed_hosts: reader.list("PROCTOR_ALLOWED_HOSTS"),
                min_client_version: reader.version("PROCTOR_MIN_CLIENT_VERSION"),
                head_timeout: reader.duration("PROCTOR_HEAD_TIMEOUT", Duration::from_secs(10)),
                body_timeout: reader.duration("PROCTOR_BODY_TIMEOUT", Duration::from_secs(60)),
                max_connections: reader.count("PROCTOR_MAX_CONNECTIONS", MAX_CONNECTIONS),
            },
            execution: ExecutionConfig {
                launch_wait: reader.duration("PROCTOR_LAUNCH_WAIT", Duration::from_secs(1)),
                stop_grace: reader.duration("PROCTOR_STOP_GRACE", Duration::from_secs(10)),
                keep: reader.duration("PROCTOR_LOCAL_JOB_KEEP", Duration::from_hours(7 * 24)),
            },
            log: LogConfig {
                limit_bytes: reader.size("PROCTOR_LOG_LIMIT", 1 << 30),
                level: reader.level("PROCTOR_LOG_LEVEL", "info"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::{Config, Reader};

    fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn nothing_set_is_a_configuration() {
        let loaded =
            Config::from_variables(variables(&[("PATH", "/bin"), ("PROCTOR_APP_PORT", "")]))
                .unwrap();

        assert_eq!(loaded.config.http.port, 5001);
        assert_eq!(loaded.config.execution.launch_wait, Duration::from_secs(1));
        assert!(loaded.warnings.is_empty());
    }

    #[test]
    fn values_are_read_in_their_units() {
        let loaded = Config::from_variables(variables(&[
            ("PROCTOR_APP_PORT", "0"),
            ("PROCTOR_ALLOWED_HOSTS", "a.example, b.example:80,"),
            ("PROCTOR_LAUNCH_WAIT", "250ms"),
            ("PROCTOR_STOP_GRACE", "30"),
            ("PROCTOR_LOG_LEVEL", "DEBUG"),
            ("PROCTOR_LOG_LIMIT", "10MiB"),
        ]))
        .unwrap();

        assert_eq!(loaded.config.http.port, 0);
        assert_eq!(
            loaded.config.http.allowed_hosts,
            ["a.example", "b.example:80"]
        );
        assert_eq!(
            loaded.config.execution.launch_wait,
            Duration::from_millis(250)
        );
        assert_eq!(loaded.config.execution.stop_grace, Duration::from_secs(30));
        assert_eq!(loaded.config.log.level, "debug");
        assert_eq!(loaded.config.log.limit_bytes, 10 << 20);
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let error = Config::from_variables(variables(&[
            ("PROCTOR_APP_PORT", "70000"),
            ("PROCTOR_LAUNCH_WAIT", "soon"),
            ("PROCTOR_STOP_GRACE", "-1s"),
            ("PROCTOR_LOG_LEVEL", "chatty"),
            ("PROCTOR_LOG_LIMIT", "99999999999GiB"),
            ("PROCTOR_MIN_CLIENT_VERSION", "newest"),
            ("PROCTOR_MAX_CONNECTIONS", "0"),
        ]))
        .unwrap_err();

        assert_eq!(error.mistakes.len(), 7, "{error}");
        assert!(error.to_string().contains("PROCTOR_APP_PORT"), "{error}");
    }

    #[test]
    fn unknown_names_are_one_warning_and_service_links_count_as_unset() {
        let loaded = Config::from_variables(variables(&[
            ("PROCTOR_APP_PROT", "1"),
            ("PROCTOR_COLOUR", "red"),
            ("PROCTOR_APP_PORT", "tcp://10.0.0.1:5001"),
        ]))
        .unwrap();

        assert_eq!(loaded.config.http.port, 5001);
        assert_eq!(loaded.warnings.len(), 2, "{:?}", loaded.warnings);
        assert!(
            loaded
                .warnings
                .iter()
                .any(|text| text.contains("PROCTOR_APP_PROT, PROCTOR_COLOUR"))
        );
    }

    #[test]
    fn the_sample_file_names_exactly_the_variables_that_are_read() {
        let sample = include_str!("../../.env.sample");
        let named: BTreeMap<_, _> = sample
            .lines()
            .map(|line| line.trim_start_matches("# "))
            .filter_map(|line| line.split_once('='))
            .filter(|(name, _)| name.starts_with("PROCTOR_"))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let loaded = Config::from_variables(named.clone()).unwrap();

        assert_eq!(loaded.warnings, Vec::<String>::new());
        assert_eq!(
            loaded.config,
            Config::from_variables(BTreeMap::new()).unwrap().config
        );
        let mut reader = Reader::new(BTreeMap::new());
        Config::read(&mut reader);
        for name in reader
            .known()
            .filter(|name| *name != "PROCTOR_HOST" && *name != "PROCTOR_FAIL_POINTS")
        {
            assert!(named.contains_key(name), "{name} is not in .env.sample");
        }
    }
}
