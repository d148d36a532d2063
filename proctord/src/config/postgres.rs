//! Where the database is, and how it is treated: as one URL, or in the parts that the Go system has.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::reader::{HIDDEN, Reader};
use crate::store::postgres::{MAX_CONNECTIONS, PATIENCE, PostgresSettings};

const URL: &str = "PROCTOR_DATABASE_URL";
const PASSWORD: &str = "PROCTOR_POSTGRES_PASSWORD";
/// The parts without which there is no database.
const PARTS: [&str; 3] = [
    "PROCTOR_POSTGRES_HOST",
    "PROCTOR_POSTGRES_USER",
    "PROCTOR_POSTGRES_DATABASE",
];
const PORT: u16 = 5432;

/// Where the database is, and how it is treated.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    target: Target,
    password: Option<SecretString>,
    tls: Option<PgSslMode>,
    ca_file: Option<PathBuf>,
    pub max_connections: NonZeroU32,
    /// A connection is replaced when it is this old; never, if absent.
    pub max_lifetime: Option<Duration>,
    /// How long a unit of work may take.
    pub patience: Duration,
}

#[derive(Debug, Clone)]
enum Target {
    /// Checked when it was read.
    Url(SecretString),
    Parts {
        host: String,
        port: u16,
        user: String,
        database: String,
    },
}

impl PostgresConfig {
    /// Absent if no database is named.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let url = reader.secret(URL);
        let parts = PARTS.map(|name| reader.text(name));
        let port = match reader.port("PROCTOR_POSTGRES_PORT", PORT) {
            0 => PORT,
            port => port,
        };
        let password = reader.secret(PASSWORD);
        let tls = tls(reader);
        let ca_file = ca_file(reader, "PROCTOR_POSTGRES_CA_FILE");
        let max_connections =
            reader.count_or_zero("PROCTOR_POSTGRES_MAX_CONNECTIONS", MAX_CONNECTIONS);
        let lifetime = reader.minutes("PROCTOR_POSTGRES_CONNECTIONS_MAX_LIFETIME", Duration::ZERO);
        let patience = patience(reader, "PROCTOR_POSTGRES_PATIENCE", PATIENCE);
        let target = match url {
            Some(url) => url_target(reader, url, &parts)?,
            None => parts_target(reader, parts, port)?,
        };
        Some(Self {
            target,
            password,
            tls,
            ca_file,
            max_connections,
            max_lifetime: (!lifetime.is_zero()).then_some(lifetime),
            patience,
        })
    }

    /// The same for the store.
    #[must_use]
    pub fn settings(&self) -> PostgresSettings {
        PostgresSettings {
            options: self.options(),
            max_connections: self.max_connections,
            max_lifetime: self.max_lifetime,
            patience: self.patience,
        }
    }

    /// What a connection needs. Its `Debug` shows the password: not to be logged.
    pub(super) fn options(&self) -> PgConnectOptions {
        let mut options = match &self.target {
            Target::Url(url) => parse_url(url).expect("the URL was checked when it was read"),
            Target::Parts {
                host,
                port,
                user,
                database,
            } => at(PgConnectOptions::new_without_pgpass(), host)
                .port(*port)
                .username(user)
                .database(database)
                .ssl_mode(PgSslMode::Prefer),
        };
        let in_url = matches!(&self.target, Target::Url(url) if has_password(url));
        if let Some(password) = self.password.as_ref().filter(|_| !in_url) {
            options = options.password(password.expose_secret());
        }
        if let Some(tls) = self.tls {
            options = options.ssl_mode(tls);
        }
        if let Some(file) = &self.ca_file {
            options = options.ssl_root_cert(file);
        }
        options
    }
}

/// A host, or the folder of a socket.
fn at(options: PgConnectOptions, host: &str) -> PgConnectOptions {
    if host.starts_with('/') {
        options.socket(host)
    } else {
        options.host(host)
    }
}

fn url_target(
    reader: &mut Reader,
    url: SecretString,
    parts: &[Option<String>; 3],
) -> Option<Target> {
    let ignored = PARTS.iter().zip(parts).filter(|(_, part)| part.is_some());
    let ignored: Vec<_> = ignored.map(|(name, _)| *name).collect();
    if !ignored.is_empty() {
        reader.warn(format!("{URL} stands, not {}", ignored.join(", ")));
    }
    let Some(options) = parse_url(&url) else {
        let name = reader.name_of(URL);
        reader.mistake(format!(
            "{name} must be a URL such as postgres://user:password@host:5432/database"
        ));
        return None;
    };
    let shown = format!(
        "postgres://{}:{HIDDEN}@{}:{}/{}",
        options.get_username(),
        options.get_host(),
        options.get_port(),
        options.get_database().unwrap_or_default()
    );
    reader.show(URL, &shown);
    Some(Target::Url(url))
}

fn parts_target(reader: &mut Reader, parts: [Option<String>; 3], port: u16) -> Option<Target> {
    let missing: Vec<_> = PARTS
        .iter()
        .zip(&parts)
        .filter(|(_, part)| part.is_none())
        .map(|(name, _)| *name)
        .collect();
    if !missing.is_empty() && missing.len() < PARTS.len() {
        reader.mistake(format!(
            "the database is named in part: {} not set",
            match missing[..] {
                [one] => format!("{one} is"),
                _ => format!("{} are", missing.join(" and ")),
            }
        ));
    }
    match parts {
        [Some(host), Some(user), Some(database)] => Some(Target::Parts {
            host,
            port,
            user,
            database,
        }),
        _ => None,
    }
}

fn parse_url(url: &SecretString) -> Option<PgConnectOptions> {
    let url = url.expose_secret().trim();
    let ours = url.starts_with("postgres://") || url.starts_with("postgresql://");
    ours.then(|| url.parse().ok()).flatten()
}

fn has_password(url: &SecretString) -> bool {
    let url = url.expose_secret();
    let authority = url.split_once("://").map_or("", |(_, rest)| rest);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map_or("", |(user, _)| user);
    user.contains(':')
}

fn tls(reader: &mut Reader) -> Option<PgSslMode> {
    let wanted = "disable, prefer, require, verify-ca or verify-full";
    reader.parse("PROCTOR_POSTGRES_TLS", None, "prefer", wanted, |text| {
        let known = ["disable", "prefer", "require", "verify-ca", "verify-full"];
        known.contains(&text).then(|| text.parse().ok())
    })
}

/// The file of a certificate authority, which must be there.
pub(super) fn ca_file(reader: &mut Reader, name: &'static str) -> Option<PathBuf> {
    let path = reader.path(name)?;
    if let Err(error) = std::fs::metadata(&path) {
        let name = reader.name_of(name);
        reader.mistake(format!(
            "{name}: {} cannot be read: {error}",
            path.display()
        ));
    }
    Some(path)
}

/// A duration that must not be nothing.
pub(super) fn patience(reader: &mut Reader, name: &'static str, default: Duration) -> Duration {
    let patience = reader.duration(name, default);
    if patience.is_zero() {
        let name = reader.name_of(name);
        reader.mistake(format!("{name} must be more than nothing"));
    }
    patience
}
