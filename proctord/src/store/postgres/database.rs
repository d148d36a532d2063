//! The connections to Postgres: bounded in number, in callers and in time, and made anew when they break. What
//! the tables mean is not known here.

use std::future::poll_fn;
use std::ops::{Deref, DerefMut};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::pool::{PoolConnection, PoolConnectionMetadata};
use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{Connection, Executor, PgPool, Postgres};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use super::settings::PostgresSettings;

/// How many callers there may be for each connection; more are turned away at once, for they would only wait
/// until their time runs out, and a crowd of waiters makes the pool slow for everybody.
const CALLERS_PER_CONNECTION: u32 = 32;
/// A connection that lay idle for longer is tried before it is used.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// A connection that was used for longer than this may hang on a server that does not answer, if its unit of work
/// was given up: it is closed in place of being used again.
const SUSPECT_AFTER: Duration = Duration::from_secs(1);
/// How many connections may turn out broken before a unit of work gives up: after a restart of the server all
/// those that were idle are.
const BROKEN_CONNECTIONS: u32 = 64;

/// A database that may come and go.
pub(super) struct Database {
    pool: PgPool,
    callers: Arc<Semaphore>,
    patience: Duration,
    /// Where connections live. Requests come from runtimes that end before the service does, and a connection that was
    /// made on one of those would break with it under whoever uses it next.
    runtime: Handle,
}

impl Database {
    /// Connects to nothing before the first unit of work. Its connections live on the current runtime, whoever uses them.
    pub(super) fn new(settings: &PostgresSettings) -> Self {
        let connections = settings.max_connections.get();
        // The server gives up in time as well, so that nothing goes on after we have turned away.
        let patience = settings.patience.as_millis().max(1).to_string();
        let options = settings.options.clone().application_name("proctord");
        let options = options.options([
            ("statement_timeout", patience.as_str()),
            ("idle_in_transaction_session_timeout", patience.as_str()),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .max_lifetime(settings.max_lifetime)
            .acquire_timeout(settings.patience)
            // Trying each connection before each use would cost a round trip; see TRUSTED_IDLE.
            .test_before_acquire(false)
            .after_connect(|connection, _| Box::pin(settle(connection)))
            .before_acquire(|connection, meta| Box::pin(try_idle(connection, meta)))
            .connect_lazy_with(options);
        let callers = connections.saturating_mul(CALLERS_PER_CONNECTION);
        Self {
            pool,
            callers: Arc::new(Semaphore::new(callers as usize)),
            patience: settings.patience,
            runtime: Handle::current(),
        }
    }

    /// How long a unit of work may take in all.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// A connection for statements that are a unit of work each.
    pub(super) async fn connection(&self) -> Result<Unit, sqlx::Error> {
        let caller =
            Arc::clone(&self.callers)
                .try_acquire_owned()
                .map_err(|error| match error {
                    TryAcquireError::NoPermits => sqlx::Error::PoolTimedOut,
                    TryAcquireError::Closed => sqlx::Error::PoolClosed,
                })?;
        Ok(Unit {
            connection: self.acquire().await?,
            began: Instant::now(),
            open: false,
            _caller: caller,
        })
    }

    async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let mut acquire = pin!(self.pool.acquire());
        poll_fn(|context| {
            let _here = self.runtime.enter();
            acquire.as_mut().poll(context)
        })
        .await
    }

    /// Begins a unit of work of several statements.
    pub(super) async fn begin(&self) -> Result<Unit, sqlx::Error> {
        self.begin_with("BEGIN ISOLATION LEVEL READ COMMITTED")
            .await
    }

    /// Begins to read at one moment of the database.
    pub(super) async fn view(&self) -> Result<Unit, sqlx::Error> {
        self.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await
    }

    /// Nothing has been done yet when this fails, so a broken connection is replaced by the next one.
    async fn begin_with(&self, statement: &'static str) -> Result<Unit, sqlx::Error> {
        let mut broken = 0;
        loop {
            let mut unit = self.connection().await?;
            unit.open = true;
            match unit.connection.execute(statement).await {
                Ok(_) => return Ok(unit),
                Err(sqlx::Error::Io(_)) if broken < BROKEN_CONNECTIONS => broken += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Closes every connection.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Undoes what an administrator may have set for every session and our units of work do not expect.
async fn settle(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let settings = "SET default_transaction_isolation = 'read committed'; SET lock_timeout = 0";
    sqlx::raw_sql(settings).execute(connection).await.map(drop)
}

/// Tells the pool whether a connection that lay idle is still one.
async fn try_idle(
    connection: &mut PgConnection,
    meta: PoolConnectionMetadata,
) -> Result<bool, sqlx::Error> {
    if meta.idle_for > TRUSTED_IDLE {
        connection.ping().await?;
    }
    Ok(true)
}

/// A connection while a unit of work uses it. Dropped before its commit, nothing of it stays.
pub(super) struct Unit {
    connection: PoolConnection<Postgres>,
    began: Instant,
    /// Whether a transaction was begun and not committed.
    open: bool,
    _caller: OwnedSemaphorePermit,
}

impl Unit {
    /// Makes what was done stay.
    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.connection.execute("COMMIT").await?;
        self.open = false;
        Ok(())
    }
}

impl Deref for Unit {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Unit {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        // The server rolls back what it has begun for a connection that is closed.
        if self.open || self.began.elapsed() > SUSPECT_AFTER {
            self.connection.close_on_drop();
        }
    }
}
