//! A private Redis for tests: one server for all tests of a process, or one of one's own to be stopped, killed
//! and frozen, with a Sentinel if wanted; and databases that nobody else uses.

mod database;

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::certificates::Certificate;
use crate::password::new_password;
use crate::server::{Options, ServerProcess};

pub use database::Database;

/// How many `scripts/server.sh` has every Redis keep.
const DATABASES: u32 = 4096;

/// A Redis or Sentinel that is yet to be started.
#[derive(Debug, Clone)]
pub struct ServerBuilder {
    kind: &'static str,
    options: Options,
}

impl ServerBuilder {
    /// Adds a line of configuration, such as `maxmemory 2mb`.
    #[must_use]
    pub fn setting(mut self, line: &str) -> Self {
        self.options.settings.push(line.to_owned());
        self
    }

    /// Has it ask for this password.
    #[must_use]
    pub fn password(mut self, password: &str) -> Self {
        self.options.password = Some(password.to_owned());
        self
    }

    /// Has it ask for none.
    #[must_use]
    pub fn without_password(mut self) -> Self {
        self.options.password = None;
        self
    }

    /// Keeps its folder in this one.
    #[must_use]
    pub fn inside(mut self, folder: &Path) -> Self {
        self.options.place = Some(folder.to_owned());
        self
    }

    /// Has it speak TLS, and nothing else.
    #[must_use]
    pub fn tls(mut self, certificate: &Certificate) -> Self {
        self.options.certificate = Some(certificate.clone());
        self
    }

    /// Starts it and waits until it serves.
    ///
    /// # Panics
    /// It does not; standard error has its log.
    #[must_use]
    pub fn start(&self) -> Server {
        Server {
            process: ServerProcess::start(self.kind, &self.options),
            password: self.options.password.clone(),
            authority: self
                .options
                .certificate
                .as_ref()
                .map(|certificate| certificate.authority.clone()),
            // The first one is for those who name none.
            databases: AtomicU32::new(1),
        }
    }
}

/// A Redis of one's own; dropped, it goes with everything that it holds.
#[derive(Debug)]
pub struct Server {
    process: ServerProcess,
    password: Option<String>,
    authority: Option<PathBuf>,
    databases: AtomicU32,
}

impl Server {
    /// A Redis that is yet to be started, with a password.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder {
            kind: "redis",
            options: Options {
                password: Some(new_password()),
                ..Options::default()
            },
        }
    }

    /// A Sentinel that is yet to be started, without a password.
    #[must_use]
    pub fn sentinel() -> ServerBuilder {
        ServerBuilder {
            kind: "sentinel",
            options: Options::default(),
        }
    }

    /// Starts a Redis with nothing special.
    ///
    /// # Panics
    /// It cannot be started; standard error has its log.
    #[must_use]
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// The one of this process, which ends with it. Tests run beside each other, so nobody may stop it.
    #[must_use]
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.process.port())
    }

    /// What it asks for, if anything.
    #[must_use]
    pub fn password(&self) -> Option<&str> {
        self.password.as_deref()
    }

    /// A database that nobody else has been given.
    ///
    /// # Panics
    /// All are given away.
    #[must_use]
    pub fn database(&self) -> Database<'_> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        assert!(number < DATABASES, "all {DATABASES} databases are in use");
        Database {
            server: self,
            number,
        }
    }

    /// The database that is used by whoever names none.
    #[must_use]
    pub fn first_database(&self) -> Database<'_> {
        Database {
            server: self,
            number: 0,
        }
    }
}

/// The process behind it: its port, its log, stopping and starting it.
impl Deref for Server {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.process
    }
}
