//! The clock that schedules go by: the database's, which all replicas share. A test may hand in one of its own, so that
//! a week passes in a minute; nothing else does.

use std::sync::Arc;

use jiff::Timestamp;
use sqlx::PgConnection;

use crate::store::StoreError;
use crate::store::postgres::fault::failed;
use crate::store::time::truncated;

type Told = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Where the time of schedules comes from.
#[derive(Clone, Default)]
pub(in crate::store::postgres) enum Clock {
    #[default]
    Database,
    Told(Told),
}

impl Clock {
    /// The present moment.
    pub(super) async fn now(&self, connection: &mut PgConnection) -> Result<Timestamp, StoreError> {
        match self {
            Self::Told(told) => Ok(truncated(told())),
            Self::Database => sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#)
                .fetch_one(connection)
                .await
                .map(jiff_sqlx::Timestamp::to_jiff)
                .map_err(failed("look at the database's clock")),
        }
    }
}
