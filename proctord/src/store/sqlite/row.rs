//! How a row of `execution` reads. A column that makes no sense is an error that names the row and the
//! column; nothing is guessed.

use std::error::Error;
use std::str::FromStr;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Decode, Row, Sqlite, SqliteExecutor, Type};

use super::fault::failed;
use crate::domain::execution::{Execution, Fence};
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::{LateOutcome, State, StopIntent};
use crate::domain::name::ExecutionName;
use crate::store::StoreError;
use crate::store::state::{LateColumns, Missing, StateColumns};

pub(super) const OF_V2: &str = "SELECT * FROM execution WHERE v2_id = ?";

/// A row together with the name by which errors call it.
pub(super) struct Columns<'r> {
    row: &'r SqliteRow,
    name: String,
}

impl<'r> Columns<'r> {
    /// The columns of a row that errors call by this name.
    pub(super) fn new(row: &'r SqliteRow, name: String) -> Self {
        Self { row, name }
    }

    /// A column's value.
    pub(super) fn get<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite>,
    {
        self.row
            .try_get(column)
            .map_err(|error| self.damaged(column, error))
    }

    /// A column's text, read as something else.
    pub(super) fn parse<T>(&self, column: &'static str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Into<Box<dyn Error + Send + Sync>>>,
    {
        self.get::<&str>(column)?
            .parse()
            .map_err(|error| self.damaged(column, error))
    }

    /// A moment that must be there.
    pub(super) fn moment(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.moment_if_any(column)?
            .ok_or_else(|| self.damaged(column, "it is missing"))
    }

    /// A moment.
    pub(super) fn moment_if_any(
        &self,
        column: &'static str,
    ) -> Result<Option<Timestamp>, StoreError> {
        self.get::<Option<i64>>(column)?
            .map(Timestamp::from_microsecond)
            .transpose()
            .map_err(|error| self.damaged(column, error))
    }

    /// The error that a column is unreadable.
    pub(super) fn damaged(
        &self,
        column: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> StoreError {
        StoreError::damaged(format!("column {column} of {}", self.name), source)
    }
}

/// The id in a row of `execution`.
pub(super) fn id(row: &SqliteRow) -> Result<ExecutionId, StoreError> {
    let id: i64 = row.try_get("id").map_err(failed("read an execution"))?;
    stored_id(id)
        .ok_or_else(|| Columns::new(row, format!("execution {id}")).damaged("id", "it is no id"))
}

/// The id as it is stored, if it is one.
pub(super) fn stored_id(id: i64) -> Option<ExecutionId> {
    u64::try_from(id)
        .ok()
        .and_then(|id| ExecutionId::try_from(id).ok())
}

/// The execution that a row of `execution` holds.
pub(super) fn execution(row: &SqliteRow) -> Result<Execution, StoreError> {
    let id = id(row)?;
    let columns = Columns::new(row, format!("execution {id}"));
    Ok(Execution {
        id,
        name: columns.parse("name")?,
        proc_name: columns.parse("proc_name")?,
        user: columns.get("user")?,
        plan: serde_json::from_str(columns.get("plan")?)
            .map_err(|error| columns.damaged("plan", error))?,
        runner: columns.parse("runner")?,
        host: columns.get("host")?,
        state: state(&columns)?,
        stop: stop(&columns)?,
        created_at: columns.moment("created_at")?,
        updated_at: columns.moment("updated_at")?,
        start_before: columns.moment("start_before")?,
        callback_url: columns.get("callback_url")?,
        owner: columns.get("owner")?,
        fence: Fence(columns.get("fence")?),
        handle: columns.get("handle")?,
        log_open: columns.get("log_open")?,
        waiting: columns.get("waiting")?,
        held: columns.get("held")?,
        late_outcome: late_outcome(&columns)?,
    })
}

/// The execution with an id.
pub(super) async fn find(
    executor: impl SqliteExecutor<'_>,
    id: ExecutionId,
) -> Result<Option<Execution>, StoreError> {
    sqlx::query("SELECT * FROM execution WHERE id = ?")
        .bind(id.as_i64())
        .fetch_optional(executor)
        .await
        .map_err(failed("read an execution"))?
        .map(|row| execution(&row))
        .transpose()
}

/// The execution with a name.
pub(super) async fn find_named(
    executor: impl SqliteExecutor<'_>,
    name: &ExecutionName,
) -> Result<Option<Execution>, StoreError> {
    sqlx::query("SELECT * FROM execution WHERE name = ?")
        .bind(name.as_str())
        .fetch_optional(executor)
        .await
        .map_err(failed("read an execution"))?
        .map(|row| execution(&row))
        .transpose()
}

/// The execution that had this id in version 2.
pub(super) async fn find_of_v2(
    executor: impl SqliteExecutor<'_>,
    v2_id: u64,
) -> Result<Option<Execution>, StoreError> {
    // Version 2's own column held no greater number.
    let Ok(v2_id) = i64::try_from(v2_id) else {
        return Ok(None);
    };
    sqlx::query(OF_V2)
        .bind(v2_id)
        .fetch_optional(executor)
        .await
        .map_err(failed("read an execution of version 2"))?
        .map(|row| execution(&row))
        .transpose()
}

/// The sealed secrets of an execution.
pub(super) async fn sealed_secrets(
    executor: impl SqliteExecutor<'_>,
    id: ExecutionId,
) -> Result<Option<Vec<u8>>, StoreError> {
    sqlx::query_scalar("SELECT sealed_secrets FROM execution WHERE id = ?")
        .bind(id.as_i64())
        .fetch_optional(executor)
        .await
        .map_err(failed("read the sealed secrets of an execution"))?
        .ok_or(StoreError::NotFound(id))
}

fn state(columns: &Columns<'_>) -> Result<State, StoreError> {
    let stored = StateColumns {
        status: columns.parse("status")?,
        reason: columns.get("reason")?,
        exit_code: columns.get("exit_code")?,
        exit_signal: columns.get("exit_signal")?,
        started_at: columns.moment_if_any("started_at")?,
        finished_at: columns.moment_if_any("finished_at")?,
        v2_id: columns.get::<Option<i64>>("v2_id")?.map(i64::cast_unsigned),
    };
    State::try_from(stored).map_err(|Missing(column)| columns.damaged(column, "it is missing"))
}

fn late_outcome(columns: &Columns<'_>) -> Result<Option<LateOutcome>, StoreError> {
    let status: Option<&str> = columns.get("late_status")?;
    let stored = LateColumns {
        status: status
            .map(str::parse)
            .transpose()
            .map_err(|error| columns.damaged("late_status", error))?,
        exit_code: columns.get("late_exit_code")?,
        signal: columns.get("late_signal")?,
        reason: columns.get("late_reason")?,
        at: columns.moment_if_any("late_at")?,
    };
    Option::try_from(stored).map_err(|Missing(column)| columns.damaged(column, "it is missing"))
}

fn stop(columns: &Columns<'_>) -> Result<Option<StopIntent>, StoreError> {
    let Some(at) = columns.moment_if_any("stop_at")? else {
        return Ok(None);
    };
    Ok(Some(StopIntent {
        by: columns.get("stop_by")?,
        at,
        grace_seconds: columns.get("stop_grace_seconds")?,
    }))
}
