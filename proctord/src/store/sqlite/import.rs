//! Executions of version 2 with their logs. The logs are committed first and the rows after them: until then
//! nobody can find them, and an import that was cut off writes them again.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::fault::failed;
use super::log::whole;
use super::time::micros;
use super::{SqliteStore, row, step};
use crate::domain::execution::{Execution, RunnerKind};
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::State;
use crate::domain::name::ExecutionName;
use crate::store::state::StateColumns;
use crate::store::time::truncated;
use crate::store::{ImportCount, Imported, StoreError};

pub(super) const LAST_OF_MOMENT: &str =
    "SELECT id FROM execution WHERE id >= ? AND id <= ? ORDER BY id DESC LIMIT 1";
pub(super) const NAME_IS_TAKEN: &str = "SELECT count(*) FROM execution WHERE name = ?";

/// Stores those that are not there yet.
pub(super) async fn import(
    store: &SqliteStore,
    executions: &[Imported],
) -> Result<ImportCount, StoreError> {
    let mut unit = store
        .records
        .begin()
        .await
        .map_err(failed("begin to import executions"))?;
    let mut count = ImportCount::default();
    let mut logs = Vec::new();
    for imported in executions {
        let there = row::find_of_v2(&mut *unit, imported.legacy.v2_id).await?;
        if there.is_some() {
            count.there += 1;
            continue;
        }
        let execution = insert(&mut unit, imported).await?;
        step::insert(&mut unit, &execution, execution.updated_at).await?;
        logs.push((execution.id, imported));
        count.stored += 1;
    }
    whole::write(&store.logs, &logs, store.log_limit).await?;
    unit.commit()
        .await
        .map_err(failed("keep imported executions"))?;
    Ok(count)
}

async fn insert(
    connection: &mut SqliteConnection,
    imported: &Imported,
) -> Result<Execution, StoreError> {
    let id = free_id(connection, imported.created_at).await?;
    let name = free_name(connection, imported).await?;
    let columns = StateColumns::from(&State::Legacy(imported.legacy.clone()));
    let plan = serde_json::to_string(&imported.plan).map_err(|error| StoreError::Unavailable {
        doing: "put a plan in words",
        source: Box::new(error),
    })?;
    let created_at = micros(truncated(imported.created_at));
    let row = sqlx::query(
        "INSERT INTO execution (id, name, proc_name, user, plan, runner, status, reason, v2_id, created_at,
             updated_at, start_before, owner, fence, slot, log_open)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?10, '', 1, 0, 0)
         RETURNING *",
    )
    .bind(id.as_i64())
    .bind(name.as_str())
    .bind(imported.proc_name.as_str())
    .bind(&imported.user)
    .bind(plan)
    .bind(RunnerKind::Kubernetes.as_str())
    .bind(columns.status.as_str())
    .bind(columns.reason)
    .bind(columns.v2_id.map(u64::cast_signed))
    .bind(created_at)
    .bind(micros(truncated(imported.updated_at)))
    .fetch_one(connection)
    .await
    .map_err(failed("write an imported execution"))?;
    row::execution(&row)
}

/// An id of this moment, behind those that are taken, or of the first moment after it that has one.
async fn free_id(
    connection: &mut SqliteConnection,
    at: Timestamp,
) -> Result<ExecutionId, StoreError> {
    let mut moment = ExecutionId::of_moment(at);
    loop {
        let last: Option<i64> = sqlx::query_scalar(LAST_OF_MOMENT)
            .bind(moment.start().as_i64())
            .bind(moment.end().as_i64())
            .fetch_optional(&mut *connection)
            .await
            .map_err(failed("find a free id"))?;
        match last {
            None => return Ok(*moment.start()),
            Some(last) if last < moment.end().as_i64() => {
                return u64::try_from(last + 1)
                    .ok()
                    .and_then(|id| ExecutionId::try_from(id).ok())
                    .ok_or(StoreError::Damaged {
                        what: format!("{last}, the id of an execution"),
                        source: None,
                    });
            }
            Some(_) => moment = ExecutionId::following(&moment),
        }
    }
}

/// The name that it had; where another one has that by now, one of its own.
async fn free_name(
    connection: &mut SqliteConnection,
    imported: &Imported,
) -> Result<ExecutionName, StoreError> {
    let taken: bool = sqlx::query_scalar(NAME_IS_TAKEN)
        .bind(imported.name.as_str())
        .fetch_one(connection)
        .await
        .map_err(failed("look for a name"))?;
    Ok(if taken {
        ExecutionName::of_v2(imported.legacy.v2_id)
    } else {
        imported.name.clone()
    })
}
