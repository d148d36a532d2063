//! Where the database is, and how it is treated.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;

/// The most connections, unless told otherwise.
pub const MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");
/// How long a unit of work may take, unless told otherwise: a client gives up after 10 seconds, and by then it
/// should have heard whose fault it is.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Where a database is, and how to treat it. Shown without its password.
#[derive(Clone)]
pub struct PostgresSettings {
    pub options: PgConnectOptions,
    pub max_connections: NonZeroU32,
    /// A connection is replaced when it is this old; never, if absent.
    pub max_lifetime: Option<Duration>,
    /// How long a unit of work may take, from the wish for a connection to the commit.
    pub patience: Duration,
}

impl PostgresSettings {
    /// The usual settings for a database.
    #[must_use]
    pub fn new(options: PgConnectOptions) -> Self {
        Self {
            options,
            max_connections: MAX_CONNECTIONS,
            max_lifetime: None,
            patience: PATIENCE,
        }
    }
}

impl FromStr for PostgresSettings {
    type Err = sqlx::Error;

    fn from_str(url: &str) -> Result<Self, sqlx::Error> {
        url.parse().map(Self::new)
    }
}

impl fmt::Debug for PostgresSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("host", &self.options.get_host())
            .field("port", &self.options.get_port())
            .field("database", &self.options.get_database())
            .field("max_connections", &self.max_connections)
            .field("max_lifetime", &self.max_lifetime)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::PostgresSettings;

    #[test]
    fn a_password_is_not_shown() {
        let settings: PostgresSettings = "postgres://ann:hunter2@db.example:5433/proctor"
            .parse()
            .unwrap();

        let shown = format!("{settings:?}");

        assert!(shown.contains("db.example"), "{shown}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
