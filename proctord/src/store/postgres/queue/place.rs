//! Where one stands in the queue, counted when somebody asks.

use std::num::NonZeroU32;

use sqlx::PgConnection;

use crate::domain::id::ExecutionId;
use crate::store::StoreError;
use crate::store::postgres::fault::failed;
use crate::store::queue::{Counts, Place, limit_of};

/// The place of an execution; `None` if it does not wait for a slot.
pub(in crate::store::postgres) async fn of(
    connection: &mut PgConnection,
    id: ExecutionId,
    limit: Option<NonZeroU32>,
) -> Result<Option<Place>, StoreError> {
    let found = sqlx::query!(
        r#"SELECT plan,
                  (SELECT count(*) FROM proctor.execution AS other
                    WHERE other.proc_name = mine.proc_name AND other.slot) AS "taken!",
                  (SELECT count(*) FROM proctor.execution AS other
                    WHERE other.proc_name = mine.proc_name
                      AND other.status = 'QUEUED' AND NOT other.slot AND other.stop_at IS NULL AND NOT other.held) AS "waiting!",
                  (SELECT count(*) FROM proctor.execution AS other
                    WHERE other.proc_name = mine.proc_name
                      AND other.status = 'QUEUED' AND NOT other.slot AND other.stop_at IS NULL AND NOT other.held
                      AND (other.created_at, other.id) < (mine.created_at, mine.id)) AS "before!"
             FROM proctor.execution AS mine
            WHERE id = $1 AND status = 'QUEUED' AND NOT slot AND stop_at IS NULL AND NOT held"#,
        id.as_i64(),
    )
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed("find the place in the queue of a proc"))?;
    let Some(found) = found else {
        return Ok(None);
    };
    let in_proc = Counts {
        before: found.before,
        waiting: found.waiting,
        taken: found.taken,
    };
    let place = in_proc.place_in_proc(limit_of(id, &found.plan)?);
    match limit {
        Some(limit) if place.limit.is_none() => among_all(connection, id, limit).await,
        _ => Ok(Some(place)),
    }
}

async fn among_all(
    connection: &mut PgConnection,
    id: ExecutionId,
    limit: NonZeroU32,
) -> Result<Option<Place>, StoreError> {
    let counts = sqlx::query_as!(
        Counts,
        r#"SELECT (SELECT count(*) FROM proctor.execution AS other WHERE other.slot) AS "taken!",
                  (SELECT count(*) FROM proctor.execution AS other
                    WHERE other.status = 'QUEUED' AND NOT other.slot AND other.stop_at IS NULL AND NOT other.held) AS "waiting!",
                  (SELECT count(*) FROM proctor.execution AS other
                    WHERE other.status = 'QUEUED' AND NOT other.slot AND other.stop_at IS NULL AND NOT other.held
                      AND (other.created_at, other.id) < (mine.created_at, mine.id)) AS "before!"
             FROM proctor.execution AS mine
            WHERE id = $1 AND status = 'QUEUED' AND NOT slot AND stop_at IS NULL AND NOT held"#,
        id.as_i64(),
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("find the place among all that wait"))?;
    Ok(counts.map(|counts| counts.place_among_all(limit)))
}
