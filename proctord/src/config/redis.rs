//! Where Redis is, and how it is spoken to.

use std::num::NonZeroU32;
use std::time::Duration;

use super::postgres::{ca_file, patience};
use super::reader::Reader;
use crate::catalog::redis::{RedisAddress, RedisLogin, RedisSettings, RedisTarget, RedisTls};

const ADDRESS: &str = "PROCTOR_REDIS_ADDRESS";
const SENTINELS: &str = "PROCTOR_REDIS_SENTINELS";
const MASTER: &str = "PROCTOR_REDIS_SENTINEL_MASTER";
const PATIENCE: Duration = Duration::from_secs(5);

/// Absent if no Redis is named.
pub(super) fn read(reader: &mut Reader) -> Option<RedisSettings> {
    let target = target(reader);
    let login = RedisLogin {
        user: reader.text("PROCTOR_REDIS_USER"),
        password: reader.secret("PROCTOR_REDIS_PASSWORD"),
    };
    let database = reader.number("PROCTOR_REDIS_DATABASE", 0);
    let tls = tls(reader);
    let max_in_flight = reader.number("PROCTOR_REDIS_MAX_ACTIVE_CONNECTIONS", 0);
    let patience = patience(reader, "PROCTOR_REDIS_PATIENCE", PATIENCE);
    Some(RedisSettings {
        target: target?,
        login,
        database,
        tls,
        patience,
        max_in_flight: NonZeroU32::new(max_in_flight),
    })
}

fn tls(reader: &mut Reader) -> Option<RedisTls> {
    let wanted = reader.flag("PROCTOR_REDIS_TLS");
    let ca_file = ca_file(reader, "PROCTOR_REDIS_CA_FILE");
    wanted.then_some(RedisTls { ca_file })
}

fn target(reader: &mut Reader) -> Option<RedisTarget> {
    let wanted = "a host with a port, such as localhost:6379";
    let server = reader.parse(ADDRESS, None, "", wanted, |text| address(text).map(Some));
    let sentinels = reader.list(SENTINELS);
    let master = reader.text(MASTER);
    let login = RedisLogin {
        user: reader.text("PROCTOR_REDIS_SENTINEL_USER"),
        password: reader.secret("PROCTOR_REDIS_SENTINEL_PASSWORD"),
    };
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
        login,
    })
}

fn address(text: &str) -> Option<RedisAddress> {
    let (host, port) = text.rsplit_once(':')?;
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let host = bare.unwrap_or(host);
    let port = port.parse().ok().filter(|port| *port != 0)?;
    let fits =
        !host.is_empty() && !host.contains(['/', '@']) && !host.contains(char::is_whitespace);
    fits.then(|| RedisAddress {
        host: host.to_owned(),
        port,
    })
}
