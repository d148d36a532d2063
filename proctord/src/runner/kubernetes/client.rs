//! The way to the cluster: one namespace of it, by requests that are paced, bounded in time and repeated while the
//! trouble is of the passing kind, and by streams. Everything that is asked here may be asked twice. It knows kinds
//! and verbs, nothing of executions; no body that it sends or gets is ever logged.

mod connection;
mod fault;
mod pace;
mod resources;
mod review;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::time::Instant;

use super::settings::Access;
use connection::Connection;
use fault::Answer;
use pace::Pace;

pub use fault::{ClusterError, Fault, Trouble};
pub use review::Right;

/// How long one request may take, and how long it is repeated.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(20);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// One namespace of a cluster; cheap to clone.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    access: Access,
    namespace: String,
    connection: Mutex<Connection>,
    /// Held by whoever makes a new connection.
    renewal: tokio::sync::Mutex<()>,
    pace: Pace,
}

/// A request, and what it is called in errors.
struct Call {
    verb: &'static str,
    object: String,
    request: Request<Vec<u8>>,
    is_secret: bool,
}

/// A try that came to nothing.
enum Failure {
    Final(Fault),
    /// It may come about; not before this pause, if one was named.
    Passing(Trouble, Option<Duration>),
}

impl Cluster {
    /// Reads how the cluster is reached. It need not be there.
    ///
    /// # Errors
    /// The configuration names no cluster.
    pub async fn open(access: Access, namespace: Option<String>) -> Result<Self, ClusterError> {
        let opened = Connection::open(&access).await;
        let connection = opened.map_err(|trouble| ClusterError {
            verb: "find",
            object: "the cluster".to_owned(),
            fault: trouble.into(),
        })?;
        let namespace = namespace.unwrap_or_else(|| connection.namespace.clone());
        Ok(Self {
            inner: Arc::new(Inner {
                access,
                namespace,
                connection: Mutex::new(connection),
                renewal: tokio::sync::Mutex::default(),
                pace: Pace::new(),
            }),
        })
    }

    /// The namespace that everything is in.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.inner.namespace
    }

    /// A client for a stream, with a login that holds. To be asked for anew for each stream.
    ///
    /// # Errors
    /// There is no login to be had.
    pub async fn streams(&self) -> Result<kube::Client, ClusterError> {
        let connection = self.connection().await.map_err(|trouble| ClusterError {
            verb: "log in to",
            object: "the cluster".to_owned(),
            fault: trouble.into(),
        })?;
        Ok(connection.streams)
    }

    /// Whether it answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn check(&self) -> Result<(), ClusterError> {
        let request = Request::get("/version").body(Vec::new());
        let call = Call {
            verb: "reach",
            object: "the cluster".to_owned(),
            request: request.expect("the path is well-formed"),
            is_secret: false,
        };
        let answered = self.try_once(&call).await;
        answered.map(drop).map_err(|failure| {
            call.failed(match failure {
                Failure::Final(fault) => fault,
                Failure::Passing(trouble, _) => trouble.into(),
            })
        })
    }

    /// Asks until there is an answer, or no patience left.
    async fn call(&self, call: &Call) -> Result<Bytes, ClusterError> {
        let give_up = Instant::now() + PATIENCE;
        let mut pause = FIRST_PAUSE;
        loop {
            let (trouble, named) = match self.try_once(call).await {
                Ok(body) => return Ok(body),
                Err(Failure::Final(fault)) => return Err(call.failed(fault)),
                Err(Failure::Passing(trouble, named)) => (trouble, named),
            };
            let wait = named.unwrap_or_else(|| pause.mul_f64(rand::random_range(0.5..1.5)));
            if Instant::now() + wait >= give_up {
                return Err(call.failed(trouble.into()));
            }
            tokio::time::sleep(wait).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn try_once(&self, call: &Call) -> Result<Bytes, Failure> {
        let _turn = self.inner.pace.turn().await;
        match tokio::time::timeout(REQUEST_PATIENCE, self.ask(call)).await {
            Ok(answered) => answered,
            Err(_) => Err(Failure::Passing(Trouble::Slow, None)),
        }
    }

    async fn ask(&self, call: &Call) -> Result<Bytes, Failure> {
        let passing = |trouble| Failure::Passing(trouble, None);
        let connection = self.connection().await.map_err(passing)?;
        let request = call.request.clone().map(Into::into);
        let response = connection.requests.send(request).await;
        let response = response.map_err(|error| passing(Trouble::Connection(error)))?;
        let code = response.status().as_u16();
        let named = response.headers().get("retry-after");
        let named = named.and_then(|value| value.to_str().ok()?.parse().ok());
        let named = named.map(Duration::from_secs);
        let body = response.into_body().collect_bytes().await;
        let body = body.map_err(|error| passing(Trouble::Broken(error)))?;
        if (200..300).contains(&code) {
            self.inner.pace.went_well();
            return Ok(body);
        }
        if code == 401 {
            self.kept().refuse(&connection);
        }
        if code == 429 {
            self.inner.pace.slow_down(named.unwrap_or(FIRST_PAUSE));
        }
        Err(match fault::of_answer(code, &body, call.is_secret) {
            Answer::Final(fault) => Failure::Final(fault),
            Answer::Passing(trouble) => Failure::Passing(trouble, named),
        })
    }

    /// The connection, or a new one if its login is over.
    async fn connection(&self) -> Result<Connection, Trouble> {
        let connection = self.kept().clone();
        if !connection.is_over() {
            return Ok(connection);
        }
        let _renewal = self.inner.renewal.lock().await;
        if self.kept().is_over() {
            let renewed = Connection::open(&self.inner.access).await?;
            *self.kept() = renewed;
        }
        Ok(self.kept().clone())
    }

    fn kept(&self) -> MutexGuard<'_, Connection> {
        let connection = &self.inner.connection;
        connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    fn failed(&self, fault: Fault) -> ClusterError {
        ClusterError {
            verb: self.verb,
            object: self.object.clone(),
            fault,
        }
    }

    /// What the answer says. Why one about a Secret cannot be read would quote it.
    fn read<T: serde::de::DeserializeOwned>(&self, body: &[u8]) -> Result<T, ClusterError> {
        serde_json::from_slice(body).map_err(|error| {
            self.failed(Fault::Unavailable(if self.is_secret {
                Trouble::UnreadableSecret
            } else {
                Trouble::Unreadable(error)
            }))
        })
    }
}
