//! The keys that secrets are sealed with, where no data folder holds them.

use std::fs;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::reader::Reader;
use crate::catalog::sealing::{KeysError, SecretKeys};

const TEXT: &str = "PROCTOR_SECRET_KEYS";
const FILE: &str = "PROCTOR_SECRET_KEYS_FILE";

/// The keys that secrets are sealed with.
#[derive(Debug, Clone)]
pub struct SecretsConfig {
    /// Checked when it was read.
    text: SecretString,
}

impl SecretsConfig {
    /// Absent if no keys are named, or what is named holds none.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let text = reader.secret(TEXT);
        let file = reader.path(FILE);
        let (name, text) = match (text, file) {
            (Some(_), Some(_)) => {
                reader.mistake(format!("{TEXT} and {FILE} must not be set both"));
                return None;
            }
            (None, None) => return None,
            (Some(text), None) => (TEXT, text),
            (None, Some(file)) => (FILE, read(reader, &file)?),
        };
        if let Err(error) = SecretKeys::parse(text.expose_secret()) {
            let name = reader.name_of(name);
            reader.mistake(format!("{name}: {error}"));
            return None;
        }
        Some(Self { text })
    }

    /// The keys themselves.
    ///
    /// # Errors
    /// None: they were checked when they were read.
    pub fn keys(&self) -> Result<SecretKeys, KeysError> {
        SecretKeys::parse(self.text.expose_secret())
    }
}

fn read(reader: &mut Reader, file: &Path) -> Option<SecretString> {
    match fs::read_to_string(file) {
        Ok(text) => Some(text.trim().into()),
        Err(error) => {
            let name = reader.name_of(FILE);
            reader.mistake(format!(
                "{name}: {} cannot be read: {error}",
                file.display()
            ));
            None
        }
    }
}
