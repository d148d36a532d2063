//! Where Redis is and how it is spoken to. Passwords are never shown.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

/// Where Redis is and how it is spoken to.
#[derive(Debug, Clone)]
pub struct RedisSettings {
    pub target: RedisTarget,
    pub login: RedisLogin,
    pub database: u32,
    /// Absent, nothing is encrypted.
    pub tls: Option<RedisTls>,
    /// How long a request may take, a new connection and another try included.
    pub patience: Duration,
    /// The most requests at a time; absent, there is no limit.
    pub max_in_flight: Option<NonZeroU32>,
}

/// Who is to be asked.
#[derive(Debug, Clone)]
pub enum RedisTarget {
    Server(RedisAddress),
    /// Sentinels know which server is the master of that name now.
    Sentinels {
        sentinels: Vec<RedisAddress>,
        master: String,
        /// For the sentinels; the master has its own.
        login: RedisLogin,
    },
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisAddress {
    pub host: String,
    pub port: u16,
}

/// As whom to log in; without a password nobody does.
#[derive(Debug, Clone, Default)]
pub struct RedisLogin {
    /// Absent, the user that every Redis has.
    pub user: Option<String>,
    pub password: Option<SecretString>,
}

/// How the server's certificate is verified, which it always is.
#[derive(Debug, Clone, Default)]
pub struct RedisTls {
    /// A file of certificates, in PEM, to be trusted in place of the machine's.
    pub ca_file: Option<PathBuf>,
}

impl RedisSettings {
    /// How long one try waits for its answer, so that another one has a chance.
    pub(super) fn answer_patience(&self) -> Duration {
        self.patience / 2
    }

    /// How long a new connection may take, the sentinels' answers included.
    pub(super) fn connect_patience(&self) -> Duration {
        self.patience * 2 / 5
    }
}
