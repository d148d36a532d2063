//! The client's configuration: flag, then environment, then file, then default. The environment is read
//! here and nowhere else; the environment alone is enough.

mod edit;
pub mod file;
pub mod host;
pub mod value;

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::cli::GlobalArgs;
use crate::config::file::FileSettings;
use crate::config::host::Host;
use crate::config::value::{Token, header_value, host_mistake, seconds};

/// Every key, in the order in which the file has them.
pub const KEYS: [&str; 7] = [
    "PROCTOR_HOST",
    "EMAIL_ID",
    "ACCESS_TOKEN",
    "PROCTOR_CACERT",
    "CONNECTION_TIMEOUT_SECS",
    "RECONNECT_TIMEOUT_SECS",
    // The Go client's; accepted so that its files still load, and used by nothing.
    "PROC_EXECUTION_STATUS_POLL_COUNT",
];

/// What a command needs to talk to proctord.
#[derive(Debug, Clone)]
pub struct Settings {
    pub host: Host,
    pub email: String,
    pub token: Token,
    /// The only authorities to trust; absent, those of this machine.
    pub ca_file: Option<PathBuf>,
    /// For a connection, and for an answer.
    pub timeout: Duration,
    /// How long a log is tried to be taken up again before giving up.
    pub reconnect: Duration,
}

/// The configuration cannot be read, understood or written.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(
        "Config file not found in {}\nSetup config using `proctor config PROCTOR_HOST=some.host ...`\n\nAlternatively create a config file with template:\n\nPROCTOR_HOST: <host>\nEMAIL_ID: <email>\nACCESS_TOKEN: <access-token>\n\nor set PROCTOR_HOST in the environment, or use --host",
        path.display()
    )]
    MissingFile { path: PathBuf },
    #[error("Config Error!!!\nMandatory config PROCTOR_HOST is missing in Proctor Config file.")]
    MissingHost,
    #[error("failed to read config file {}: {source}", path.display())]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("Config Error!!!\n{}:{line}:{column}: {message}", path.display())]
    Syntax {
        path: PathBuf,
        line: u64,
        column: u64,
        message: String,
    },
    #[error("Config Error!!!\n{key} {problem}")]
    Value { key: String, problem: String },
    #[error("failed to write config file {}: {source}", path.display())]
    Write {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error(
        "Client Config is absent: {}\nSetup config using `proctor config PROCTOR_HOST=some.host ...`",
        path.display()
    )]
    Absent { path: PathBuf },
    #[error("failed to find the home directory for the config file; set LOCAL_CONFIG_DIR")]
    NoHome,
}

impl ConfigError {
    /// Whether only the host is missing.
    #[must_use]
    pub fn lacks_host(&self) -> bool {
        matches!(self, Self::MissingFile { .. } | Self::MissingHost)
    }
}

/// A variable of the environment; an empty one counts as unset, as it did for the Go client.
pub fn variable(name: &str) -> Option<String> {
    set_variable(name).filter(|value| !value.is_empty())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the environment is read"
)]
fn set_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Where the config file is, whether or not it exists.
pub fn file_path(globals: &GlobalArgs) -> Result<PathBuf, ConfigError> {
    if let Some(path) = &globals.config {
        return Ok(path.clone());
    }
    let folder = if let Some(folder) = set_variable("LOCAL_CONFIG_DIR") {
        PathBuf::from(folder)
    } else if set_variable("ENVIRONMENT").as_deref() == Some("test") {
        PathBuf::from("/tmp")
    } else {
        std::env::home_dir()
            .ok_or(ConfigError::NoHome)?
            .join(".proctor")
    };
    Ok(folder.join("proctor.yaml"))
}

/// Reads the settings from all their places.
pub fn load(globals: &GlobalArgs) -> Result<Settings, ConfigError> {
    let path = file_path(globals)?;
    let file = file::read(&path)?;
    if file.is_none() && globals.config.is_some() {
        return Err(ConfigError::MissingFile { path });
    }
    merged(globals, file.as_ref(), &path)
}

/// As [`load`], where the file is about to be written and need not be there yet.
pub fn load_to_write(globals: &GlobalArgs) -> Result<Settings, ConfigError> {
    let path = file_path(globals)?;
    merged(globals, file::read(&path)?.as_ref(), &path)
}

fn merged(
    globals: &GlobalArgs,
    file: Option<&FileSettings>,
    path: &Path,
) -> Result<Settings, ConfigError> {
    merge(
        |key| flag(globals, key).or_else(|| variable(key)),
        file,
        path,
    )
}

/// What a flag says about a key.
fn flag(globals: &GlobalArgs, key: &str) -> Option<String> {
    match key {
        "PROCTOR_HOST" => globals.host.clone(),
        "PROCTOR_CACERT" => globals.cacert.clone(),
        _ => None,
    }
}

/// The settings from what goes before the file, and the file.
fn merge(
    first: impl Fn(&str) -> Option<String>,
    file: Option<&FileSettings>,
    path: &Path,
) -> Result<Settings, ConfigError> {
    let value =
        |key: &str| first(key).or_else(|| file.and_then(|file| file.get(key)).map(str::to_owned));
    let host = match (value("PROCTOR_HOST"), file) {
        (Some(host), _) => host,
        (None, Some(_)) => return Err(ConfigError::MissingHost),
        (None, None) => {
            return Err(ConfigError::MissingFile {
                path: path.to_owned(),
            });
        }
    };
    Ok(Settings {
        host: host.parse().map_err(|error| host_mistake(&error))?,
        email: header_value("EMAIL_ID", value("EMAIL_ID"))?,
        token: Token::new(header_value("ACCESS_TOKEN", value("ACCESS_TOKEN"))?),
        ca_file: value("PROCTOR_CACERT").map(PathBuf::from),
        timeout: seconds(
            "CONNECTION_TIMEOUT_SECS",
            value("CONNECTION_TIMEOUT_SECS"),
            10,
        )?,
        reconnect: seconds(
            "RECONNECT_TIMEOUT_SECS",
            value("RECONNECT_TIMEOUT_SECS"),
            60,
        )?,
    })
}

#[cfg(test)]
mod tests;
