//! Version 2's Redis: keys by their ending, walked through and never listed at once, and their texts.

use std::collections::BTreeSet;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Value};
use secrecy::{ExposeSecret, SecretString};

use super::ImportError;

const PATIENCE: Duration = Duration::from_secs(30);
/// How many keys are looked at in one step.
const STEP: u32 = 1000;
/// What our own keys begin with; they may be in the same Redis.
const OURS: &[u8] = b"proctor:3:";

/// Version 2's Redis.
pub(super) struct Redis {
    connection: MultiplexedConnection,
}

impl Redis {
    /// Connects.
    pub(super) async fn connect(url: &SecretString) -> Result<Self, ImportError> {
        let client = Client::open(url.expose_secret()).map_err(|_| ImportError::Url {
            what: "Redis",
            example: "redis://:password@host:6379/0",
        })?;
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connection = client
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(failed("open a connection"))?;
        Ok(Self { connection })
    }

    /// What stands before this ending in the names of keys, each once and in order.
    pub(super) async fn names(&mut self, ending: &str) -> Result<BTreeSet<Vec<u8>>, ImportError> {
        let mut names = BTreeSet::new();
        let mut cursor = 0_u64;
        loop {
            let (next, keys): (u64, Vec<Vec<u8>>) = redis::cmd("SCAN")
                .arg(cursor)
                .arg(&["MATCH", &format!("*{ending}")])
                .arg("COUNT")
                .arg(STEP)
                .query_async(&mut self.connection)
                .await
                .map_err(failed("list its keys"))?;
            let ours = |key: &&Vec<u8>| !key.starts_with(OURS);
            let name = |key: &Vec<u8>| key.strip_suffix(ending.as_bytes()).map(<[u8]>::to_vec);
            names.extend(keys.iter().filter(ours).filter_map(name));
            if next == 0 {
                return Ok(names);
            }
            cursor = next;
        }
    }

    /// What a key holds; `None` if it holds no text, or is gone by now.
    pub(super) async fn text(
        &mut self,
        name: &[u8],
        ending: &str,
    ) -> Result<Option<Vec<u8>>, ImportError> {
        let key = [name, ending.as_bytes()].concat();
        let answer: Result<Value, RedisError> = redis::cmd("GET")
            .arg(&key)
            .query_async(&mut self.connection)
            .await;
        match answer {
            Ok(Value::BulkString(text)) => Ok(Some(text)),
            Ok(_) => Ok(None),
            Err(error) if error.code() == Some("WRONGTYPE") => Ok(None),
            Err(error) => Err(failed("give a key")(error)),
        }
    }
}

fn failed(doing: &'static str) -> impl Fn(RedisError) -> ImportError {
    move |source| ImportError::Redis { doing, source }
}
