//! Where version 2 is, for the one command that takes over what it has.

use secrecy::SecretString;

use super::reader::Reader;

/// Where version 2 is.
#[derive(Debug, Clone)]
pub struct ImportConfig {
    pub database_url: Option<SecretString>,
    pub redis_url: Option<SecretString>,
}

impl ImportConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            database_url: reader.secret("PROCTOR_V2_DATABASE_URL"),
            redis_url: reader.secret("PROCTOR_V2_REDIS_URL"),
        }
    }
}
