//! How a row of `schedule` reads, and which rows there are.

use std::num::NonZeroU32;

use jiff_sqlx::{Timestamp, ToSqlx};
use sqlx::PgConnection;

use super::clock::Clock;
use crate::domain::name::ProcName;
use crate::domain::schedule::{Held, Schedule, ScheduleId};
use crate::store::postgres::fault::failed;
use crate::store::{DueSchedules, StoreError};

/// A row of `schedule`, column by column.
pub(super) struct Row {
    pub id: i64,
    #[expect(dead_code, reason = "the definition has it as well")]
    pub proc_name: String,
    #[expect(dead_code, reason = "a column that `SELECT *` brings along")]
    pub args_digest: String,
    pub definition: String,
    pub owner: String,
    pub version: i64,
    pub paused: bool,
    pub held_by: Option<String>,
    pub held_reason: Option<String>,
    pub covered_until: Timestamp,
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub removed_at: Option<Timestamp>,
    #[expect(dead_code, reason = "a column that `SELECT *` brings along")]
    pub key_user: Option<String>,
    #[expect(dead_code, reason = "a column that `SELECT *` brings along")]
    pub key: Option<String>,
    pub key_digest: Option<String>,
    #[expect(dead_code, reason = "a column that `SELECT *` brings along")]
    pub v2_id: Option<i64>,
}

impl TryFrom<Row> for Schedule {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let damaged = |column: &str, source: Box<dyn std::error::Error + Send + Sync>| {
            StoreError::damaged(format!("column {column} of schedule {}", row.id), source)
        };
        let held = match row.held_by {
            None => None,
            Some(kind) => {
                let held = Held::of_kind(&kind, row.held_reason.unwrap_or_default());
                Some(held.ok_or_else(|| damaged("held_by", "it is no such reason".into()))?)
            }
        };
        Ok(Self {
            id: id(row.id)?,
            version: row.version,
            definition: serde_json::from_str(&row.definition)
                .map_err(|error| damaged("definition", error.into()))?,
            owner: row.owner,
            paused: row.paused,
            held,
            covered_until: row.covered_until.to_jiff(),
            next_at: row.next_at.map(Timestamp::to_jiff),
            created_at: row.created_at.to_jiff(),
            updated_at: row.updated_at.to_jiff(),
            removed_at: row.removed_at.map(Timestamp::to_jiff),
        })
    }
}

/// An id as it was stored.
pub(super) fn id(stored: i64) -> Result<ScheduleId, StoreError> {
    let damaged = |error| StoreError::damaged(format!("{stored}, the id of a schedule"), error);
    u64::try_from(stored)
        .ok()
        .and_then(|id| ScheduleId::try_from(id).ok())
        .ok_or_else(|| damaged("it is no id"))
}

pub(super) fn all(rows: Vec<Row>) -> Result<Vec<Schedule>, StoreError> {
    rows.into_iter().map(Schedule::try_from).collect()
}

pub(super) async fn find(
    connection: &mut PgConnection,
    id: ScheduleId,
) -> Result<Option<Schedule>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.schedule WHERE id = $1",
        id.as_i64()
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read a schedule"))?
    .map(Schedule::try_from)
    .transpose()
}

pub(super) async fn list(
    connection: &mut PgConnection,
    proc_name: Option<&ProcName>,
) -> Result<Vec<Schedule>, StoreError> {
    let rows =
        match proc_name {
            None => sqlx::query_as!(
                Row,
                "SELECT * FROM proctor.schedule WHERE removed_at IS NULL ORDER BY created_at, id",
            )
            .fetch_all(connection)
            .await,
            Some(proc_name) => {
                sqlx::query_as!(
                    Row,
                    "SELECT * FROM proctor.schedule WHERE removed_at IS NULL AND proc_name = $1
                  ORDER BY created_at, id",
                    proc_name.as_str(),
                )
                .fetch_all(connection)
                .await
            }
        };
    all(rows.map_err(failed("list schedules"))?)
}

pub(super) async fn held(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM proctor.schedule
            WHERE removed_at IS NULL AND held_by IS NOT NULL"#
    )
    .fetch_one(connection)
    .await
    .map_err(failed("count schedules that are held"))?;
    Ok(count.cast_unsigned())
}

/// What is due now.
pub(super) async fn due(
    connection: &mut PgConnection,
    clock: &Clock,
    limit: NonZeroU32,
) -> Result<DueSchedules, StoreError> {
    let now = clock.now(connection).await?;
    let rows = sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.schedule
          WHERE removed_at IS NULL AND NOT paused AND next_at <= $1 ORDER BY next_at LIMIT $2",
        now.to_sqlx(),
        i64::from(limit.get()),
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(failed("look for schedules that are due"))?;
    let beyond = sqlx::query!(
        r#"SELECT (SELECT min(next_at) FROM proctor.schedule
                    WHERE removed_at IS NULL AND NOT paused AND next_at > $1) AS next_at,
                  hold_since IS NOT NULL AS "is_held!"
             FROM proctor.installation"#,
        now.to_sqlx(),
    )
    .fetch_one(connection)
    .await
    .map_err(failed("look when schedules are due next"))?;
    Ok(DueSchedules {
        now,
        is_held: beyond.is_held,
        schedules: all(rows)?,
        next_at: beyond.next_at.map(Timestamp::to_jiff),
    })
}
