//! proctord's HTTP API as functions. Knows routes and headers; what an error answer means is in
//! `client/error.rs`, when to ask again in `client/retry.rs`.

mod credentials;
pub mod error;
mod refusal;
mod retry;
mod schedule;

use std::borrow::Cow;
use std::sync::Arc;

use proctor_api::{
    AuditPage, BundleReceipt, CLIENT_VERSION_HEADER, Execution, ExecutionPage, ExecutionRequest,
    IDEMPOTENCY_HEADER, Metadata, Published, SecretValue, StopRequest,
};
use reqwest::{Method, RequestBuilder};
use rustls::ClientConfig;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::error::ClientError;
use crate::config::Settings;

/// The version by which operators tell clients apart.
pub const VERSION: &str = concat!("v", env!("CARGO_PKG_VERSION"));

/// Talks to one proctord.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    settings: Settings,
    /// What TLS is spoken with, by the websocket too.
    tls: Arc<ClientConfig>,
}

/// Who asks, as the service tells it: fields by name.
pub type User = serde_json::Map<String, Value>;

/// Answer to `GET /secret/{name}`.
#[derive(Debug, Deserialize)]
struct SecretNames {
    names: Vec<String>,
}

/// Answer to `PUT /secret/{name}/{key}` where there is something to say.
#[derive(Debug, Deserialize)]
struct Warnings {
    #[serde(default)]
    warnings: Vec<String>,
}

/// Which executions `history` asks for.
#[derive(Debug, Default)]
pub struct HistoryQuery {
    pub name: Option<String>,
    pub user: Option<String>,
    pub status: Option<String>,
    pub cursor: Option<String>,
    pub limit: u32,
}

/// Which rows `audit` asks for.
#[derive(Debug, Default)]
pub struct AuditQuery {
    pub who: Option<String>,
    pub action: Option<String>,
    pub target: Option<String>,
    pub source: Option<String>,
    pub result: Option<String>,
    pub since: Option<String>,
    pub until: Option<String>,
    pub cursor: Option<String>,
    pub limit: u32,
}

/// What becomes of documents that the args of schedules would not fit any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaking {
    Refused,
    /// They are published, and those schedules are held.
    Forced,
}

impl Breaking {
    fn add_to(self, request: RequestBuilder) -> RequestBuilder {
        match self {
            Self::Refused => request,
            Self::Forced => request.query(&[("force", "true")]),
        }
    }
}

impl Client {
    pub fn new(settings: Settings, tls: ClientConfig) -> Result<Self, ClientError> {
        let http = reqwest::Client::builder()
            .connect_timeout(settings.timeout)
            .timeout(settings.timeout)
            // A redirect would carry the token to whoever it names.
            .redirect(reqwest::redirect::Policy::none())
            // The log's websocket knows no proxy, so neither do the other requests.
            .no_proxy()
            .tls_backend_preconfigured(tls.clone())
            .build()
            .map_err(|error| ClientError::unreachable(&settings, &error))?;
        Ok(Self {
            http,
            settings,
            tls: Arc::new(tls),
        })
    }

    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    #[must_use]
    pub fn tls(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.tls)
    }

    /// Every proc that may be seen, by name.
    pub async fn procs(&self) -> Result<Vec<Metadata>, ClientError> {
        // The Go service answers `null` where nothing may be seen.
        let procs: Option<Vec<Metadata>> = self.ask(self.get(&["metadata"])?).await?;
        let mut procs = procs.unwrap_or_default();
        procs.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(procs)
    }

    pub async fn proc(&self, name: &str) -> Result<Metadata, ClientError> {
        self.ask(self.get(&["metadata", name])?).await
    }

    /// As [`Client::proc`], with the patience that an execution is asked for with.
    pub async fn proc_to_execute(&self, name: &str) -> Result<Metadata, ClientError> {
        retry::bounded(async || self.proc(name).await).await
    }

    /// Withdraws a proc.
    pub async fn unpublish(&self, name: &str) -> Result<(), ClientError> {
        let delete = self.request(Method::DELETE, &["metadata", name])?;
        self.send(delete).await.map(|_| ())
    }

    /// Asks for an execution. The same key travels with every try, so that it starts once.
    pub async fn execute(&self, request: &ExecutionRequest) -> Result<Execution, ClientError> {
        self.ask_once(&["execution"], |post| post.json(request))
            .await
    }

    /// Asks for an execution with the args of an earlier one.
    pub async fn rerun(&self, id: u64) -> Result<Execution, ClientError> {
        self.ask_once(&["execution", &id.to_string(), "rerun"], |post| post)
            .await
    }

    pub async fn execution(&self, id: u64) -> Result<Execution, ClientError> {
        self.ask(self.get(&["execution", &id.to_string()])?).await
    }

    pub async fn stop(&self, id: u64, request: &StopRequest) -> Result<Execution, ClientError> {
        let id = id.to_string();
        let stop = self.request(Method::POST, &["execution", &id, "stop"])?;
        self.ask(stop.json(request)).await
    }

    pub async fn history(&self, query: &HistoryQuery) -> Result<ExecutionPage, ClientError> {
        let mut pairs = vec![("limit", query.limit.to_string())];
        let filters = [
            ("proc", &query.name),
            ("user", &query.user),
            ("status", &query.status),
            ("cursor", &query.cursor),
        ];
        for (name, value) in filters {
            pairs.extend(value.clone().map(|value| (name, value)));
        }
        self.ask(self.get(&["execution"])?.query(&pairs)).await
    }

    /// A page of the audit trail, newest first.
    pub async fn audit(&self, query: &AuditQuery) -> Result<AuditPage, ClientError> {
        let mut pairs = vec![("limit", query.limit.to_string())];
        let filters = [
            ("who", &query.who),
            ("action", &query.action),
            ("target", &query.target),
            ("source", &query.source),
            ("result", &query.result),
            ("since", &query.since),
            ("until", &query.until),
            ("cursor", &query.cursor),
        ];
        for (name, value) in filters {
            pairs.extend(value.clone().map(|value| (name, value)));
        }
        self.ask(self.get(&["audit"])?.query(&pairs)).await
    }

    /// Has the service look for mistakes in documents, right or wrong, without publishing them.
    pub async fn check(
        &self,
        documents: &[Value],
        breaking: Breaking,
    ) -> Result<Published, ClientError> {
        let check = self
            .request(Method::POST, &["metadata"])?
            .query(&[("check", "true")]);
        self.ask(breaking.add_to(check).json(documents)).await
    }

    pub async fn publish(
        &self,
        procs: &[Metadata],
        breaking: Breaking,
    ) -> Result<Published, ClientError> {
        let publish = self.request(Method::POST, &["metadata"])?;
        self.ask(breaking.add_to(publish).json(procs)).await
    }

    pub async fn upload_bundle(
        &self,
        digest: &str,
        tar: Vec<u8>,
    ) -> Result<BundleReceipt, ClientError> {
        let upload = self
            .request(Method::PUT, &["bundle", digest])?
            .header("Content-Type", "application/octet-stream")
            .body(tar);
        self.ask(upload).await
    }

    /// Sets one secret and gives back what there is to know about its value.
    pub async fn set_secret(
        &self,
        name: &str,
        key: &str,
        value: &SecretValue,
    ) -> Result<Vec<String>, ClientError> {
        let put = self.request(Method::PUT, &["secret", name, key])?;
        let body = self.send(put.json(value)).await?;
        if body.is_empty() {
            return Ok(Vec::new());
        }
        self.parse::<Warnings>(&body).map(|answer| answer.warnings)
    }

    /// The names of a proc's secrets that are set.
    pub async fn secrets(&self, name: &str) -> Result<Vec<String>, ClientError> {
        let names: SecretNames = self.ask(self.get(&["secret", name])?).await?;
        Ok(names.names)
    }

    pub async fn delete_secret(&self, name: &str, key: &str) -> Result<(), ClientError> {
        let delete = self.request(Method::DELETE, &["secret", name, key])?;
        self.send(delete).await.map(|_| ())
    }

    /// Who the service takes the asker for, in its own words.
    pub async fn whoami(&self) -> Result<User, ClientError> {
        self.ask(self.get(&["whoami"])?).await
    }

    /// The headers by which every request, the websocket's too, says who asks.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let always = [
            ("Accept", "application/json".into()),
            (CLIENT_VERSION_HEADER, VERSION.into()),
        ];
        always
            .into_iter()
            .chain(credentials::headers(&self.settings))
    }

    fn get(&self, segments: &[&str]) -> Result<RequestBuilder, ClientError> {
        self.request(Method::GET, segments)
    }

    fn request(&self, method: Method, segments: &[&str]) -> Result<RequestBuilder, ClientError> {
        // An address cannot have these as a segment: they would name another route.
        if let Some(name) = segments
            .iter()
            .find(|name| matches!(**name, "" | "." | ".."))
        {
            return Err(ClientError::Name((*name).to_owned()));
        }
        let request = self.http.request(method, self.settings.host.url(segments));
        Ok(self.headers().fold(request, |request, (name, value)| {
            request.header(name, &*value)
        }))
    }

    /// Posts with a key by which the service tells repeats, so that what is asked for happens once.
    async fn ask_once<T: DeserializeOwned>(
        &self,
        segments: &[&str],
        fill: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<T, ClientError> {
        let key = uuid::Uuid::new_v4().to_string();
        retry::bounded(async || {
            let post = self.request(Method::POST, segments)?;
            self.ask(fill(post.header(IDEMPOTENCY_HEADER, &key))).await
        })
        .await
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ClientError> {
        let body = self.send(request).await?;
        self.parse(&body)
    }

    fn parse<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, ClientError> {
        serde_json::from_slice(body).map_err(|error| ClientError::Unreadable {
            host: self.settings.host.to_string(),
            cause: error.to_string(),
        })
    }

    /// The body of a good answer.
    async fn send(&self, request: RequestBuilder) -> Result<Vec<u8>, ClientError> {
        let failed = |error: reqwest::Error| ClientError::unreachable(&self.settings, &error);
        let answer = request.send().await.map_err(failed)?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await.map_err(failed)?;
        if (200..300).contains(&status) {
            Ok(body.to_vec())
        } else {
            Err(ClientError::of_answer(&self.settings, status, &body))
        }
    }
}
