//! Where Redis is, and how it is treated.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::postgres::{ca_file, patience};
use super::reader::Reader;

const ADDRESS: &str = "PROCTOR_REDIS_ADDRESS";
const SENTINELS: &str = "PROCTOR_REDIS_SENTINELS";
const MASTER: &str = "PROCTOR_REDIS_SENTINEL_MASTER";
const MAX_CONNECTIONS: NonZeroU32 = NonZeroU32::new(20).expect("20 is not zero");

/// Where Redis is, and how it is treated.
#[derive(Debug, Clone)]
pub struct RedisConfig {
    pub target: RedisTarget,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    pub database: u32,
    pub tls: bool,
    pub ca_file: Option<PathBuf>,
    pub max_connections: NonZeroU32,
    /// How long a request may take, a new connection included.
    pub patience: Duration,
}

/// What is to be asked.
#[derive(Debug, Clone)]
pub enum RedisTarget {
    Server(Address),
    /// Sentinels, who know where the server of that name is now.
    Sentinels {
        sentinels: Vec<Address>,
        master: String,
        password: Option<SecretString>,
    },
}

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

impl RedisConfig {
    /// Absent if no Redis is named.
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let target = target(reader);
        let config = Self {
            user: reader.text("PROCTOR_REDIS_USER"),
            password: reader.secret("PROCTOR_REDIS_PASSWORD"),
            database: reader.number("PROCTOR_REDIS_DATABASE", 0),
            tls: reader.flag("PROCTOR_REDIS_TLS"),
            ca_file: ca_file(reader, "PROCTOR_REDIS_CA_FILE"),
            max_connections: reader
                .count_or_zero("PROCTOR_REDIS_MAX_ACTIVE_CONNECTIONS", MAX_CONNECTIONS),
            patience: patience(reader, "PROCTOR_REDIS_PATIENCE", Duration::from_secs(5)),
            target: target?,
        };
        Some(config)
    }
}

fn target(reader: &mut Reader) -> Option<RedisTarget> {
    let wanted = "a host with a port, such as localhost:6379";
    let server = reader.parse(ADDRESS, None, "", wanted, |text| address(text).map(Some));
    let sentinels: Vec<_> = reader.list(SENTINELS);
    let master = reader.text(MASTER);
    let password = reader.secret("PROCTOR_REDIS_SENTINEL_PASSWORD");
    if sentinels.is_empty() {
        return server.map(RedisTarget::Server);
    }
    if server.is_some() {
        reader.warn(format!("{SENTINELS} stands, not {ADDRESS}"));
    }
    let parsed: Option<Vec<_>> = sentinels.iter().map(|text| address(text)).collect();
    let name = reader.name_of(SENTINELS);
    if parsed.is_none() {
        reader.mistake(format!(
            "{name} must be hosts with ports, separated by commas"
        ));
    }
    if master.is_none() {
        reader.mistake(format!("{name} needs {MASTER}, the name that they watch"));
    }
    Some(RedisTarget::Sentinels {
        sentinels: parsed?,
        master: master?,
        password,
    })
}

fn address(text: &str) -> Option<Address> {
    let (host, port) = text.rsplit_once(':')?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host = bare.unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let fits =
        !host.is_empty() && !host.contains(['/', '@']) && !host.contains(char::is_whitespace);
    fits.then(|| Address {
        host: host.to_owned(),
        port,
    })
}
