//! A private Postgres for tests: one server for all tests of a process, or one of one's own to be stopped, killed
//! and frozen; and databases that nobody else uses.

mod database;

use std::ops::Deref;
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::certificates::Certificate;
use crate::password::new_password;
use crate::server::{Options, ServerProcess};

use database::psql;

pub use database::Database;

/// The superuser.
const USER: &str = "proctor";

/// What tests need that is not the default. A killed server keeps what it has written even so: only a machine
/// that fails would lose it.
const SETTINGS: [&str; 2] = ["fsync=off", "max_connections=300"];

/// A Postgres that is yet to be started.
#[derive(Debug, Clone)]
pub struct ServerBuilder {
    options: Options,
}

impl ServerBuilder {
    /// Sets a configuration parameter, written `name=value`.
    #[must_use]
    pub fn setting(mut self, setting: &str) -> Self {
        self.options.settings.push(setting.to_owned());
        self
    }

    /// Keeps its folder in this one, such as a small file system, which every user must be able to enter.
    #[must_use]
    pub fn inside(mut self, folder: &Path) -> Self {
        self.options.place = Some(folder.to_owned());
        self
    }

    /// Has it speak TLS to those who ask for it.
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
            process: ServerProcess::start("postgres", &self.options),
            password: self.options.password.clone().unwrap_or_default(),
            databases: AtomicU32::new(0),
        }
    }
}

/// A Postgres of one's own; dropped, it goes with everything that it holds.
#[derive(Debug)]
pub struct Server {
    process: ServerProcess,
    password: String,
    databases: AtomicU32,
}

impl Server {
    /// One that is yet to be started.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder {
            options: Options {
                settings: SETTINGS.map(ToOwned::to_owned).into(),
                password: Some(new_password()),
                ..Options::default()
            },
        }
    }

    /// Starts one with nothing special.
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

    /// Where it is, with user, password and the database that every server has.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    fn url_of(&self, database: &str) -> String {
        let (port, password) = (self.process.port(), &self.password);
        format!("postgres://{USER}:{password}@127.0.0.1:{port}/{database}")
    }

    /// The password of the superuser.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Runs statements in the database that every server has, and returns the rows as text, a line each, columns
    /// apart by `|`.
    ///
    /// # Panics
    /// The server refuses them.
    #[must_use]
    pub fn psql(&self, statements: &str) -> String {
        psql(&self.url(), statements)
    }

    /// Makes a new, empty database.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn database(&self) -> Database<'_> {
        self.make("template1")
    }

    /// Makes a database that begins as this one is now, to which nobody may be connected.
    ///
    /// # Panics
    /// It cannot be made.
    #[must_use]
    pub fn copy_of(&self, database: &Database<'_>) -> Database<'_> {
        self.make(database.name())
    }

    fn make(&self, template: &str) -> Database<'_> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        psql(
            &self.url(),
            &format!("CREATE DATABASE {name} TEMPLATE {template}"),
        );
        Database { server: self, name }
    }
}

/// The process behind it: its port, its log, stopping and starting it.
impl Deref for Server {
    type Target = ServerProcess;

    fn deref(&self) -> &ServerProcess {
        &self.process
    }
}
