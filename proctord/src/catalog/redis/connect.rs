//! Makes one connection to the server that takes writes: the one that is named, or the one that the sentinels
//! name. It is made or not; what becomes of it afterwards is not decided here.

use std::io;

use futures::FutureExt;
use futures::future::select_ok;
use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, RedisResult, TlsCertificates, Value,
};
use secrecy::ExposeSecret;
use thiserror::Error;

use super::settings::{RedisAddress, RedisLogin, RedisSettings, RedisTarget};

/// Why the settings cannot be used.
#[derive(Debug, Error)]
pub enum RedisSettingsError {
    #[error("the certificates to trust for Redis cannot be read from {path}")]
    Unreadable { path: String, source: io::Error },
    #[error("{path} holds no certificates in PEM to trust for Redis")]
    NoCertificates { path: String },
}

/// Makes connections by these settings.
pub(super) struct Connector {
    settings: RedisSettings,
    /// The certificates to trust, in PEM.
    roots: Option<Vec<u8>>,
}

impl Connector {
    /// Reads what is in files; nobody is asked yet.
    pub(super) fn new(settings: RedisSettings) -> Result<Self, RedisSettingsError> {
        let file = settings.tls.as_ref().and_then(|tls| tls.ca_file.as_ref());
        let Some(file) = file else {
            let roots = None;
            return Ok(Self { settings, roots });
        };
        let path = file.display().to_string();
        let pem = std::fs::read(file).map_err(|source| RedisSettingsError::Unreadable {
            path: path.clone(),
            source,
        })?;
        let begins = b"-----BEGIN CERTIFICATE-----";
        let connector = Self {
            roots: Some(pem.clone()),
            settings,
        };
        let nowhere = RedisAddress {
            host: "localhost".into(),
            port: 0,
        };
        if !pem.windows(begins.len()).any(|bytes| bytes == begins)
            || connector
                .client(&nowhere, &RedisLogin::default(), 0)
                .is_err()
        {
            return Err(RedisSettingsError::NoCertificates { path });
        }
        Ok(connector)
    }

    pub(super) fn settings(&self) -> &RedisSettings {
        &self.settings
    }

    /// Connects to the server that takes writes.
    pub(super) async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        match &self.settings.target {
            RedisTarget::Server(address) => self.open_server(address).await,
            RedisTarget::Sentinels {
                sentinels,
                master,
                login,
            } => {
                if sentinels.is_empty() {
                    let nobody = "there is no sentinel to ask";
                    return Err((ErrorKind::EmptySentinelList, nobody).into());
                }
                // All at once: one that does not answer must not keep the others from it.
                let ways = sentinels
                    .iter()
                    .map(|sentinel| self.open_master(sentinel, login, master).boxed());
                select_ok(ways).await.map(|(connection, _)| connection)
            }
        }
    }

    async fn open_server(&self, address: &RedisAddress) -> RedisResult<MultiplexedConnection> {
        let (login, database) = (&self.settings.login, self.settings.database);
        self.open(address, login, database).await
    }

    /// Connects to the master that this sentinel names, if it is one.
    async fn open_master(
        &self,
        sentinel: &RedisAddress,
        login: &RedisLogin,
        master: &str,
    ) -> RedisResult<MultiplexedConnection> {
        let mut asked = self.open(sentinel, login, 0).await?;
        let named: Option<(String, u16)> = redis::cmd("SENTINEL")
            .arg("GET-MASTER-ADDR-BY-NAME")
            .arg(master)
            .query_async(&mut asked)
            .await?;
        let Some((host, port)) = named else {
            let unknown = "the sentinel knows no master of this name";
            return Err((
                ErrorKind::MasterNameNotFoundBySentinel,
                unknown,
                master.into(),
            )
                .into());
        };
        let mut connection = self.open_server(&RedisAddress { host, port }).await?;
        let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut connection).await?;
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(connection),
            _ => Err(demoted()),
        }
    }

    async fn open(
        &self,
        address: &RedisAddress,
        login: &RedisLogin,
        database: u32,
    ) -> RedisResult<MultiplexedConnection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.settings.connect_patience()))
            .set_response_timeout(Some(self.settings.answer_patience()));
        self.client(address, login, database)?
            .get_multiplexed_async_connection_with_config(&config)
            .await
    }

    fn client(
        &self,
        address: &RedisAddress,
        login: &RedisLogin,
        database: u32,
    ) -> RedisResult<Client> {
        let info = self
            .target(address)
            .into_connection_info()?
            .set_redis_settings(hello(login, database))
            .set_tcp_settings(TcpSettings::default().set_nodelay(true));
        match &self.roots {
            Some(roots) => {
                let certificates = TlsCertificates {
                    client_tls: None,
                    root_cert: Some(roots.clone()),
                };
                Client::build_with_tls(info, certificates)
            }
            None => Client::open(info),
        }
    }

    fn target(&self, address: &RedisAddress) -> ConnectionAddr {
        let RedisAddress { host, port } = address.clone();
        match self.settings.tls {
            Some(_) => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            },
            None => ConnectionAddr::Tcp(host, port),
        }
    }
}

/// What is said first. The client's name is not told, so that nobody has to be permitted to tell it.
fn hello(login: &RedisLogin, database: u32) -> RedisConnectionInfo {
    let mut hello = RedisConnectionInfo::default()
        .set_skip_set_lib_name()
        .set_db(database.into());
    if let Some(user) = &login.user {
        hello = hello.set_username(user);
    }
    if let Some(password) = &login.password {
        hello = hello.set_password(password.expose_secret());
    }
    hello
}

fn demoted() -> RedisError {
    let text = "the server that the sentinel names is no master, or not yet";
    (ErrorKind::Client, text).into()
}
