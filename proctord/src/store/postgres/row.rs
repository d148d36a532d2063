//! How a row of `execution` reads. A column that makes no sense is an error that names the row and the
//! column; nothing is guessed.

use std::error::Error;
use std::str::FromStr;

use jiff_sqlx::Timestamp;
use sqlx::PgConnection;

use super::fault::failed;
use crate::domain::execution::{Execution, Fence};
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::{LateOutcome, State, StopIntent};
use crate::domain::name::ExecutionName;
use crate::store::StoreError;
use crate::store::state::{LateColumns, Missing, StateColumns};

/// A row of `execution`, column by column.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub id: i64,
    pub v2_id: Option<i64>,
    pub name: String,
    pub proc_name: String,
    pub user: String,
    pub plan: String,
    pub runner: String,
    pub host: Option<String>,
    pub status: String,
    pub reason: Option<String>,
    pub exit_code: Option<i32>,
    pub exit_signal: Option<i32>,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    pub stop_by: Option<String>,
    pub stop_at: Option<Timestamp>,
    pub stop_grace_seconds: Option<i64>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub start_before: Timestamp,
    pub callback_url: Option<String>,
    pub owner: String,
    pub fence: i64,
    pub handle: Option<String>,
    #[expect(dead_code, reason = "a column that `SELECT *` brings along")]
    pub sealed_secrets: Option<Vec<u8>>,
    #[expect(dead_code, reason = "a column that `SELECT *` brings along")]
    pub slot: bool,
    pub log_open: bool,
    #[expect(dead_code, reason = "a column that `SELECT *` brings along")]
    pub accepted_as: Option<String>,
    #[expect(dead_code, reason = "a column that `SELECT *` brings along")]
    pub key: Option<String>,
    pub key_digest: Option<String>,
    pub waiting: Option<String>,
    pub held: bool,
    pub late_status: Option<String>,
    pub late_exit_code: Option<i32>,
    pub late_signal: Option<i32>,
    pub late_reason: Option<String>,
    pub late_at: Option<Timestamp>,
    #[expect(dead_code, reason = "a column that `SELECT *` brings along")]
    pub schedule_id: Option<i64>,
}

impl TryFrom<Row> for Execution {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: id(row.id)?,
            name: row.parse("name", &row.name)?,
            proc_name: row.parse("proc_name", &row.proc_name)?,
            plan: serde_json::from_str(&row.plan).map_err(|error| row.damaged("plan", error))?,
            runner: row.parse("runner", &row.runner)?,
            state: row.state()?,
            stop: row.stop()?,
            late_outcome: row.late_outcome()?,
            user: row.user,
            host: row.host,
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            start_before: row.start_before.to_jiff(),
            callback_url: row.callback_url,
            owner: row.owner,
            fence: Fence(row.fence),
            handle: row.handle,
            log_open: row.log_open,
            waiting: row.waiting,
            held: row.held,
        })
    }
}

impl Row {
    fn state(&self) -> Result<State, StoreError> {
        let columns = StateColumns {
            status: self.parse("status", &self.status)?,
            reason: self.reason.clone(),
            exit_code: self.exit_code,
            exit_signal: self.exit_signal,
            started_at: self.started_at.map(Timestamp::to_jiff),
            finished_at: self.finished_at.map(Timestamp::to_jiff),
            v2_id: self.v2_id.map(i64::cast_unsigned),
        };
        State::try_from(columns).map_err(|Missing(column)| self.damaged(column, "it is missing"))
    }

    fn late_outcome(&self) -> Result<Option<LateOutcome>, StoreError> {
        let status = self.late_status.as_deref();
        let columns = LateColumns {
            status: status
                .map(|status| self.parse("late_status", status))
                .transpose()?,
            exit_code: self.late_exit_code,
            signal: self.late_signal,
            reason: self.late_reason.clone(),
            at: self.late_at.map(Timestamp::to_jiff),
        };
        Option::try_from(columns).map_err(|Missing(column)| self.damaged(column, "it is missing"))
    }

    fn stop(&self) -> Result<Option<StopIntent>, StoreError> {
        let Some(at) = self.stop_at else {
            return Ok(None);
        };
        let by = self.stop_by.clone();
        let grace = self.stop_grace_seconds.map(u32::try_from).transpose();
        Ok(Some(StopIntent {
            by: by.ok_or_else(|| self.damaged("stop_by", "it is missing"))?,
            at: at.to_jiff(),
            grace_seconds: grace.map_err(|error| self.damaged("stop_grace_seconds", error))?,
        }))
    }

    fn parse<T>(&self, column: &str, text: &str) -> Result<T, StoreError>
    where
        T: FromStr<Err: Into<Box<dyn Error + Send + Sync>>>,
    {
        text.parse().map_err(|error| self.damaged(column, error))
    }

    fn damaged(&self, column: &str, source: impl Into<Box<dyn Error + Send + Sync>>) -> StoreError {
        StoreError::damaged(format!("column {column} of execution {}", self.id), source)
    }
}

/// An id as it was stored.
pub(super) fn id(stored: i64) -> Result<ExecutionId, StoreError> {
    let damaged = |error| StoreError::damaged(format!("{stored}, the id of an execution"), error);
    u64::try_from(stored)
        .ok()
        .and_then(|id| ExecutionId::try_from(id).ok())
        .ok_or_else(|| damaged("it is no id"))
}

/// The executions that rows hold.
pub(super) fn all(rows: Vec<Row>) -> Result<Vec<Execution>, StoreError> {
    rows.into_iter().map(Execution::try_from).collect()
}

/// The execution that had this id in version 2.
pub(super) async fn find_of_v2(
    connection: &mut PgConnection,
    v2_id: u64,
) -> Result<Option<Execution>, StoreError> {
    // Version 2's own column held no greater number.
    let Ok(v2_id) = i64::try_from(v2_id) else {
        return Ok(None);
    };
    sqlx::query_as::<_, Row>("SELECT * FROM proctor.execution WHERE v2_id = $1")
        .bind(v2_id)
        .fetch_optional(connection)
        .await
        .map_err(failed("read an execution of version 2"))?
        .map(Execution::try_from)
        .transpose()
}

/// The execution with an id.
pub(super) async fn find(
    connection: &mut PgConnection,
    id: ExecutionId,
) -> Result<Option<Execution>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.execution WHERE id = $1",
        id.as_i64()
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read an execution"))?
    .map(Execution::try_from)
    .transpose()
}

/// The execution with a name.
pub(super) async fn find_named(
    connection: &mut PgConnection,
    name: &ExecutionName,
) -> Result<Option<Execution>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.execution WHERE name = $1",
        name.as_str()
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read an execution"))?
    .map(Execution::try_from)
    .transpose()
}

/// The sealed secrets of an execution.
pub(super) async fn sealed_secrets(
    connection: &mut PgConnection,
    id: ExecutionId,
) -> Result<Option<Vec<u8>>, StoreError> {
    sqlx::query_scalar!(
        "SELECT sealed_secrets FROM proctor.execution WHERE id = $1",
        id.as_i64()
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read the sealed secrets of an execution"))?
    .ok_or(StoreError::NotFound(id))
}
