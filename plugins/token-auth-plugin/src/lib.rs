//! Authentication by tokens from a file: who has which token, and what groups they are in. The file is
//! `TOKEN_PLUGIN_FILE`, TOML, read again when it changes; `proctord plugins token` makes an entry. It holds hashes
//! only. This plugin decides nothing that the file does not say.

mod document;
mod file;
mod users;

use std::path::PathBuf;

use proctor_plugin::{Auth, Credentials, Failure, User, Variables};

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
        let variables = Variables::of_process();
        let path = variables.required(VARIABLE, "names the file with users and their tokens")?;
        Self::reading(path.into()).map_err(|failure| Failure::new(format!("{VARIABLE}: {failure}")))
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
