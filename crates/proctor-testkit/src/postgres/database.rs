//! One database of a private Postgres, and the way to it past the product.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::Server;

/// A database that nobody else uses; dropped, it is gone if the server still answers.
#[derive(Debug)]
pub struct Database<'a> {
    pub(super) server: &'a Server,
    pub(super) name: String,
}

impl Database<'_> {
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is, with user and password.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url_of(&self.name)
    }

    /// Runs statements past the product and returns the rows as text, a line each, columns apart by `|`.
    ///
    /// # Panics
    /// The server refuses them.
    #[must_use]
    pub fn psql(&self, statements: &str) -> String {
        psql(&self.url(), statements)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        // A test may have left its server stopped; then all goes at its end.
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let _ = psql_command(&self.server.url(), &drop).output();
    }
}

pub(super) fn psql(url: &str, statements: &str) -> String {
    let ran = psql_command(url, statements)
        .output()
        .expect("psql can be run");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{statements}: {said}");
    String::from_utf8_lossy(&ran.stdout).trim_end().to_owned()
}

fn psql_command(url: &str, statements: &str) -> Command {
    let mut command = Command::new(program());
    command
        .args(["--no-psqlrc", "--quiet", "--tuples-only", "--no-align"])
        .args(["--set", "ON_ERROR_STOP=1", "--command", statements, url])
        .env("PGCONNECT_TIMEOUT", "5");
    command
}

/// Debian's `psql` is a script that finds the newest one, which takes longer than most statements do.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
        let programs = versions.filter_map(|version| Some(version.ok()?.path().join("bin/psql")));
        let newest = programs.filter(|program| program.exists()).max();
        newest.unwrap_or_else(|| "psql".into())
    })
}
