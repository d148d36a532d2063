//! One numbered database of a private Redis, and the way to it past the product.

use std::process::Command;

use super::Server;

/// One of the numbered databases of a server.
#[derive(Debug)]
pub struct Database<'a> {
    pub(super) server: &'a Server,
    pub(super) number: u32,
}

impl Database<'_> {
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Where it is, with password and number.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = self.server.authority.as_ref().map_or("redis", |_| "rediss");
        let password = self.server.password().unwrap_or_default();
        let address = self.server.address();
        format!("{scheme}://:{password}@{address}/{}", self.number)
    }

    /// Runs a command past the product and returns what it answers, as `redis-cli` writes it.
    ///
    /// # Panics
    /// The server refuses it.
    #[must_use]
    pub fn cli(&self, words: &[&str]) -> String {
        String::from_utf8_lossy(&self.cli_bytes(words))
            .trim_end()
            .to_owned()
    }

    /// As [`Self::cli`], byte by byte.
    ///
    /// # Panics
    /// The server refuses it.
    #[must_use]
    pub fn cli_bytes(&self, words: &[&str]) -> Vec<u8> {
        let mut command = Command::new("redis-cli");
        command
            .args(["-e", "-h", "127.0.0.1", "-p"])
            .arg(self.server.port().to_string())
            .arg("-n")
            .arg(self.number.to_string());
        if let Some(authority) = &self.server.authority {
            command.arg("--tls").arg("--cacert").arg(authority);
        }
        if let Some(password) = self.server.password() {
            command.env("REDISCLI_AUTH", password);
        }
        let ran = command.args(words).output().expect("redis-cli can be run");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{words:?}: {said}");
        ran.stdout
    }
}
