//! How far many logs have come, by one look at their heads.

use crate::domain::id::ExecutionId;
use crate::sqlite::Database;
use crate::store::log::unsigned;
use crate::store::sqlite::fault::failed;
use crate::store::{LogPosition, LogStanding, StoreError};

pub(in crate::store::sqlite) const OF: &str = "
    SELECT execution_id, length, events, ended FROM log
     WHERE execution_id IN (SELECT value FROM json_each(?)) ORDER BY execution_id";

/// Those of these logs that have a head, by id.
pub(in crate::store::sqlite) async fn of(
    logs: &Database,
    ids: &[ExecutionId],
) -> Result<Vec<LogStanding>, StoreError> {
    let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
    let heads: Vec<(i64, i64, i64, bool)> = sqlx::query_as(OF)
        .bind(format!("[{}]", ids.join(",")))
        .fetch_all(logs.readers())
        .await
        .map_err(failed("read how far logs have come"))?;
    heads
        .into_iter()
        .map(|(id, length, events, closed)| {
            let asked = u64::try_from(id).ok();
            let asked = asked.and_then(|id| ExecutionId::try_from(id).ok());
            Ok(LogStanding {
                id: asked.ok_or_else(|| StoreError::Damaged {
                    what: format!("a log of {id}, which is no id"),
                    source: None,
                })?,
                end: LogPosition {
                    offset: unsigned(length),
                    event_number: unsigned(events),
                },
                closed,
            })
        })
        .collect()
}
