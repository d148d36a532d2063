//! Executions of version 2 with their logs, in one commit. One import at a time: others wait, so that nobody else
//! gives out the ids of moments long past.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::database::Database;
use super::fault::failed;
use super::log::whole;
use super::row;
use super::text::{text, text_if_any};
use crate::domain::execution::RunnerKind;
use crate::domain::id::ExecutionId;
use crate::domain::name::ExecutionName;
use crate::store::time::truncated;
use crate::store::{ImportCount, Imported, StoreError};

/// Large logs take their time, and nobody waits for this one.
const PATIENCE: Duration = Duration::from_secs(300);

/// Stores those that are not there yet.
pub(super) async fn import(
    database: &Database,
    executions: &[Imported],
    limit: u64,
) -> Result<ImportCount, StoreError> {
    tokio::time::timeout(PATIENCE, import_all(database, executions, limit))
        .await
        .unwrap_or_else(|_| {
            Err(StoreError::Unavailable {
                doing: "import executions",
                source: "the database did not answer in time".into(),
            })
        })
}

async fn import_all(
    database: &Database,
    executions: &[Imported],
    limit: u64,
) -> Result<ImportCount, StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to import executions"))?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('proctor import', 0))")
        .execute(&mut *unit)
        .await
        .map_err(failed("wait for another import"))?;
    let mut there = there(&mut unit, executions).await?;
    let mut names = taken_names(&mut unit, executions).await?;
    let mut ids = Ids::default();
    let mut count = ImportCount::default();
    for imported in executions {
        if !there.insert(imported.legacy.v2_id.cast_signed()) {
            count.there += 1;
            continue;
        }
        let id = ids.free(&mut unit, imported).await?;
        let mut name = imported.name.clone();
        if !names.insert(name.to_string()) {
            name = ExecutionName::of_v2(imported.legacy.v2_id);
        }
        insert(&mut unit, id, &name, imported).await?;
        whole::write(&mut unit, id, imported, limit).await?;
        count.stored += 1;
    }
    unit.commit()
        .await
        .map_err(failed("keep imported executions"))?;
    Ok(count)
}

/// Which of them are there, by their ids in version 2.
async fn there(
    connection: &mut PgConnection,
    executions: &[Imported],
) -> Result<HashSet<i64>, StoreError> {
    let ids = executions.iter().map(|one| one.legacy.v2_id.cast_signed());
    let ids: Vec<_> = ids.collect();
    let there = sqlx::query_scalar!(
        r#"SELECT v2_id AS "v2_id!" FROM proctor.execution WHERE v2_id = ANY ($1)"#,
        &ids,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("look for executions of version 2"))?;
    Ok(there.into_iter().collect())
}

/// Which of their names others have.
async fn taken_names(
    connection: &mut PgConnection,
    executions: &[Imported],
) -> Result<HashSet<String>, StoreError> {
    let names = executions.iter().map(|one| one.name.to_string());
    let names: Vec<_> = names.collect();
    let taken = sqlx::query_scalar!(
        "SELECT name FROM proctor.execution WHERE name = ANY ($1)",
        &names,
    )
    .fetch_all(connection)
    .await
    .map_err(failed("look for names"))?;
    Ok(taken.into_iter().collect())
}

/// The ids that are given out.
#[derive(Default)]
struct Ids {
    /// The last one of each moment, by the first.
    last: HashMap<ExecutionId, Option<ExecutionId>>,
}

impl Ids {
    /// An id of the moment it was created at, behind those that are taken, or of the first moment after it that
    /// has one.
    async fn free(
        &mut self,
        connection: &mut PgConnection,
        imported: &Imported,
    ) -> Result<ExecutionId, StoreError> {
        let mut moment = ExecutionId::of_moment(imported.created_at);
        loop {
            let (first, end) = (*moment.start(), *moment.end());
            let last = match self.last.get(&first) {
                Some(last) => *last,
                None => last_of(connection, first, end).await?,
            };
            let free = match last {
                None => Some(first),
                Some(last) => ExecutionId::try_from(u64::from(last) + 1)
                    .ok()
                    .filter(|id| *id <= end),
            };
            self.last.insert(first, free.or(last));
            match free {
                Some(id) => return Ok(id),
                None => moment = ExecutionId::following(&moment),
            }
        }
    }
}

async fn last_of(
    connection: &mut PgConnection,
    first: ExecutionId,
    end: ExecutionId,
) -> Result<Option<ExecutionId>, StoreError> {
    let last = sqlx::query_scalar!(
        "SELECT max(id) FROM proctor.execution WHERE id BETWEEN $1 AND $2",
        first.as_i64(),
        end.as_i64(),
    )
    .fetch_one(connection)
    .await
    .map_err(failed("find a free id"))?;
    last.map(row::id).transpose()
}

async fn insert(
    connection: &mut PgConnection,
    id: ExecutionId,
    name: &ExecutionName,
    imported: &Imported,
) -> Result<(), StoreError> {
    let plan = serde_json::to_string(&imported.plan).map_err(|error| StoreError::Unavailable {
        doing: "put a plan in words",
        source: Box::new(error),
    })?;
    let reason = text_if_any(imported.legacy.reason.as_deref());
    sqlx::query!(
        r#"WITH imported AS (
               INSERT INTO proctor.execution
                      (id, v2_id, name, proc_name, "user", plan, runner, status, reason, created_at, updated_at,
                       start_before, owner, fence, slot, log_open)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $10, '', 1, FALSE, FALSE))
           INSERT INTO proctor.step (execution_id, number, status, at, reason) VALUES ($1, 1, $8, $11, $9)"#,
        id.as_i64(),
        imported.legacy.v2_id.cast_signed(),
        name.as_str(),
        imported.proc_name.as_str(),
        &*text(&imported.user),
        plan,
        RunnerKind::Kubernetes.as_str(),
        imported.legacy.status.as_str(),
        reason.as_deref(),
        truncated(imported.created_at).to_sqlx() as _,
        truncated(imported.updated_at).to_sqlx() as _,
    )
    .execute(connection)
    .await
    .map_err(failed("write an imported execution"))?;
    Ok(())
}
