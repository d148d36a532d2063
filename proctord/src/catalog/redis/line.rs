//! The one connection that all requests share. It is made when it is first needed and made anew when it has
//! failed; while that cannot be done, those who ask are told so, in bounded time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisError, RedisResult};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::{info, warn};

use super::connect::Connector;
use super::fault::silence;

/// Between two tries to connect, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// A connection that lived this long was a good one; the next one may be made at once.
const PROVEN: Duration = Duration::from_secs(5);

/// The one connection that all requests share.
pub(super) struct Line {
    connector: Arc<Connector>,
    /// Carries the connection, whoever needed it first: a worker of the HTTP server would take it along when it
    /// ends.
    runtime: Handle,
    state: Mutex<State>,
}

/// A connection with its number, by which it is told from later ones.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) number: u64,
    pub(super) link: MultiplexedConnection,
}

struct State {
    /// How many tries there were.
    tries: u64,
    last: Last,
    pause: Duration,
    /// The next try is not made earlier.
    not_before: Instant,
}

/// What came of the last try.
enum Last {
    Nothing,
    Connected {
        connection: Connection,
        since: Instant,
    },
    Failed {
        error: RedisError,
        at: Instant,
    },
}

impl Line {
    /// The runtime that this is called on carries the connection.
    pub(super) fn new(connector: Connector) -> Self {
        Self {
            connector: Arc::new(connector),
            runtime: Handle::current(),
            state: Mutex::new(State {
                tries: 0,
                last: Last::Nothing,
                pause: Duration::ZERO,
                not_before: Instant::now(),
            }),
        }
    }

    pub(super) fn connector(&self) -> &Connector {
        &self.connector
    }

    /// The connection; if there is none, it is made, by one at a time.
    pub(super) async fn connection(&self) -> RedisResult<Connection> {
        let asked = Instant::now();
        let mut state = self.state.lock().await;
        match &state.last {
            Last::Connected { connection, .. } => return Ok(connection.clone()),
            // Those who have waited for somebody else's try share what came of it.
            Last::Failed { error, at } if *at > asked => return Err(error.clone()),
            Last::Failed { .. } | Last::Nothing => {}
        }
        sleep_until(state.not_before).await;
        state.tries += 1;
        match self.connect().await {
            Ok(link) => {
                if state.tries > 1 {
                    info!("connected to Redis again");
                }
                let number = state.tries;
                let connection = Connection { number, link };
                state.last = Last::Connected {
                    connection: connection.clone(),
                    since: Instant::now(),
                };
                Ok(connection)
            }
            Err(error) => {
                state.slow_down();
                state.last = Last::Failed {
                    error: error.clone(),
                    at: Instant::now(),
                };
                Err(error)
            }
        }
    }

    async fn connect(&self) -> RedisResult<MultiplexedConnection> {
        let connector = Arc::clone(&self.connector);
        let connecting = self.runtime.spawn(async move {
            let patience = connector.settings().connect_patience();
            let connected = timeout(patience, connector.connect()).await;
            connected.unwrap_or_else(|_| Err(silence(patience)))
        });
        match connecting.await {
            Ok(connected) => connected,
            Err(ended) => Err(io::Error::other(ended).into()),
        }
    }

    /// Lets go of a connection that has failed, unless there is a later one already.
    pub(super) async fn forget(&self, number: u64, error: &RedisError) {
        let mut state = self.state.lock().await;
        let Last::Connected { connection, since } = &state.last else {
            return;
        };
        if connection.number != number {
            return;
        }
        warn!(error = %error, "lost the connection to Redis");
        if since.elapsed() > PROVEN {
            state.pause = Duration::ZERO;
            state.not_before = Instant::now();
        } else {
            state.slow_down();
        }
        state.last = Last::Nothing;
    }
}

impl State {
    fn slow_down(&mut self) {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        self.not_before = Instant::now() + self.pause;
    }
}
