//! Authentication by tokens from a file: who has which token, and what groups they are in. The file is
//! `TOKEN_PLUGIN_FILE`, TOML, read again when it changes; `proctord plugins token` makes an entry. It holds hashes
//! only. This plugin decides nothing that the file does not say.

mod file;
mod token;
mod users;

use std::path::PathBuf;

use proctor_plugin::{Auth, Credentials, Failure, User};

use file::UsersFile;

/// The environment variable that names the file.
const VARIABLE: &str = "TOKEN_PLUGIN_FILE";

/// The plugin.
pub struct TokenAuth {
    file: UsersFile,
}

impl TokenAuth {
    /// One that reads this file.
    ///
    /// # Errors
    /// The file cannot be read or says nothing that can be understood.
    pub fn reading(path: PathBuf) -> Result<Self, Failure> {
        let file = UsersFile::open(path)?;
        Ok(Self { file })
    }
}

impl Auth for TokenAuth {
    const LOOKS_UP: bool = true;

    fn create() -> Result<Self, Failure> {
        #[expect(
            clippy::disallowed_methods,
            reason = "a plugin's own variable, which the service does not know"
        )]
        let path = std::env::var_os(VARIABLE);
        match path {
            Some(path) if !path.is_empty() => Self::reading(path.into()),
            _ => Err(Failure::new(format!(
                "{VARIABLE} is not set: it names the file with users and their tokens"
            ))),
        }
    }

    fn authenticate(&self, credentials: &Credentials) -> Result<Option<User>, Failure> {
        let users = self.file.users();
        Ok(users.with_token(&credentials.token, credentials.email.as_deref()))
    }

    fn lookup(&self, email: &str) -> Result<Option<User>, Failure> {
        Ok(self.file.users().with_email(email))
    }
}

proctor_plugin::auth_plugin!("TokenAuth", TokenAuth);
