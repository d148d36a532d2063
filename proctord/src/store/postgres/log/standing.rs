//! How far many logs have come, by one look at their heads. Nothing is locked, and no chunk is read.

use sqlx::PgConnection;

use crate::domain::id::ExecutionId;
use crate::store::log::unsigned;
use crate::store::postgres::fault::failed;
use crate::store::postgres::row;
use crate::store::{LogPosition, LogStanding, StoreError};

/// Those of these logs that have a head, by id.
pub(in crate::store::postgres) async fn of(
    connection: &mut PgConnection,
    ids: &[ExecutionId],
) -> Result<Vec<LogStanding>, StoreError> {
    let ids: Vec<_> = ids.iter().map(|id| id.as_i64()).collect();
    let rows = sqlx::query!(
        "SELECT execution_id, length, events, ended FROM proctor.log
          WHERE execution_id = ANY ($1) ORDER BY execution_id",
        &ids,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read how far logs have come"))?;
    rows.into_iter()
        .map(|row| {
            Ok(LogStanding {
                id: row::id(row.execution_id)?,
                end: LogPosition {
                    offset: unsigned(row.length),
                    event_number: unsigned(row.events),
                },
                closed: row.ended,
            })
        })
        .collect()
}
