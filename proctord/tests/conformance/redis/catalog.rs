//! The Redis catalog under test.

use std::time::Duration;

use async_trait::async_trait;
use proctor_testkit::redis::{Database, Server};
use proctord::catalog::Catalog;
use proctord::catalog::redis::{
    RedisAddress, RedisCatalog, RedisLogin, RedisSettings, RedisTarget,
};
use proctord::catalog::sealing::SecretKeys;

use crate::catalog::shelf::{KEYS, Shelf};

/// A catalog in a database of its own.
pub struct RedisShelf {
    database: Database<'static>,
    catalog: RedisCatalog,
}

impl RedisShelf {
    fn open(database: Database<'static>, keys: &str) -> Self {
        let catalog = open(settings(Server::shared(), database.number()), keys);
        Self { database, catalog }
    }
}

#[async_trait]
impl Shelf for RedisShelf {
    async fn fresh(keys: &str) -> Self {
        Self::open(Server::shared().database(), keys)
    }

    async fn reopened(self, keys: &str) -> Self {
        Self::open(self.database, keys)
    }

    fn catalog(&self) -> &dyn Catalog {
        &self.catalog
    }

    async fn raw_bytes(&self) -> Vec<u8> {
        everything(&self.database)
    }
}

/// How the server is reached by those who may do everything there.
pub fn settings(server: &Server, database: u32) -> RedisSettings {
    RedisSettings {
        target: RedisTarget::Server(address(server)),
        login: RedisLogin {
            user: None,
            password: server.password().map(Into::into),
        },
        database,
        tls: None,
        patience: Duration::from_secs(5),
        max_in_flight: None,
    }
}

pub fn address(server: &Server) -> RedisAddress {
    RedisAddress {
        host: "127.0.0.1".into(),
        port: server.port(),
    }
}

pub fn open(settings: RedisSettings, keys: &str) -> RedisCatalog {
    RedisCatalog::new(settings, SecretKeys::parse(keys).unwrap()).unwrap()
}

/// A catalog in the first database of a server of one's own.
pub fn catalog_of(server: &Server) -> RedisCatalog {
    open(settings(server, 0), KEYS)
}

/// Every key of a database with what it holds.
pub fn everything(database: &Database<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for key in database.cli(&["KEYS", "*"]).lines() {
        bytes.extend(key.as_bytes());
        let read = match database.cli(&["TYPE", key]).as_str() {
            "string" => "GET",
            "hash" => "HGETALL",
            "set" => "SMEMBERS",
            other => panic!("{key} is of the type {other}"),
        };
        bytes.extend(database.cli_bytes(&[read, key]));
    }
    bytes
}
