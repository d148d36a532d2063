//! A hold: how it begins and what is known of it. How what is held goes on is said below.

pub(super) mod release;

use sqlx::{Row, SqliteConnection, SqlitePool};

use super::fault::failed;
use super::row::{self, Columns};
use super::time::{micros, now};
use crate::domain::execution::Execution;
use crate::domain::name::ExecutionName;
use crate::sqlite::Database;
use crate::store::hold::Cause;
use crate::store::{Hold, Noticed, StoreError, Stranger};

/// Has a hold begin if the word is another than the last one.
pub(super) async fn heed(
    records: &Database,
    word: Option<&str>,
) -> Result<Option<u64>, StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to look at a hold"))?;
    let changed = sqlx::query("UPDATE installation SET hold_word = ?1 WHERE hold_word IS NOT ?1")
        .bind(word)
        .execute(&mut *unit)
        .await
        .map_err(failed("keep the word of a hold"))?;
    let held = match word {
        Some(word) if changed.rows_affected() > 0 => {
            Some(begin(&mut unit, Cause::Word(word)).await?)
        }
        _ => None,
    };
    unit.commit().await.map_err(failed("keep a hold"))?;
    Ok(held)
}

pub(super) const UNKNOWN: &str = "
    SELECT value AS name, NOT EXISTS (SELECT 1 FROM stranger WHERE stranger.name = value) AS is_new
      FROM json_each(?)
     WHERE NOT EXISTS (SELECT 1 FROM execution WHERE execution.name = value)";

/// Looks which names no execution bears; new ones have a hold begin, unless one is in force: that holds already what
/// was there before.
pub(super) async fn notice(
    records: &Database,
    names: &[ExecutionName],
) -> Result<Noticed, StoreError> {
    let names: Vec<_> = names.iter().map(ExecutionName::as_str).collect();
    let rows = sqlx::query(UNKNOWN)
        .bind(serde_json::json!(names).to_string())
        .fetch_all(records.readers())
        .await
        .map_err(failed("look for strangers"))?;
    let mut noticed = Noticed {
        strangers: Vec::new(),
        held: None,
    };
    let mut new = Vec::new();
    for row in &rows {
        let columns = Columns::new(row, "a stranger".to_owned());
        let name: ExecutionName = columns.parse("name")?;
        if columns.get("is_new")? {
            new.push(name.clone());
        }
        noticed.strangers.push(name);
    }
    if !new.is_empty() {
        noticed.held = keep(records, &new).await?;
    }
    Ok(noticed)
}

async fn keep(records: &Database, new: &[ExecutionName]) -> Result<Option<u64>, StoreError> {
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to keep strangers"))?;
    let mut kept = 0;
    for name in new {
        let inserted = sqlx::query(
            "INSERT INTO stranger (name, noticed_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
        )
        .bind(name.as_str())
        .bind(micros(now()))
        .execute(&mut *unit)
        .await
        .map_err(failed("keep strangers"))?;
        kept += inserted.rows_affected();
    }
    let held = match (kept, is_in_force(&mut unit).await?) {
        (0, _) => None,
        (_, true) => Some(count(&mut unit).await?),
        (_, false) => Some(begin(&mut unit, Cause::Strangers(new.len())).await?),
    };
    unit.commit().await.map_err(failed("keep strangers"))?;
    Ok(held)
}

async fn is_in_force(connection: &mut SqliteConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar("SELECT hold_since IS NOT NULL FROM installation")
        .fetch_one(connection)
        .await
        .map_err(failed("look at a hold"))
}

/// Holds everything that is accepted and not running; what is QUEUED gives a slot back that it was admitted to.
/// Returns how many are held.
async fn begin(connection: &mut SqliteConnection, cause: Cause<'_>) -> Result<u64, StoreError> {
    sqlx::query("UPDATE installation SET hold_since = ?, hold_reason = ?")
        .bind(micros(now()))
        .bind(cause.in_words())
        .execute(&mut *connection)
        .await
        .map_err(failed("begin a hold"))?;
    sqlx::query(
        "UPDATE execution SET held = 1, slot = slot AND status <> 'QUEUED'
          WHERE live = 1 AND status <> 'RUNNING' AND held = 0",
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("hold executions"))?;
    count(connection).await
}

async fn count(connection: &mut SqliteConnection) -> Result<u64, StoreError> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM execution WHERE held = 1")
        .fetch_one(connection)
        .await
        .map_err(failed("count what is held"))?;
    Ok(count.cast_unsigned())
}

/// The hold that is in force.
pub(super) async fn current(readers: &SqlitePool) -> Result<Option<Hold>, StoreError> {
    let row = sqlx::query(
        "SELECT hold_since, coalesce(hold_reason, '') AS hold_reason,
                (SELECT count(*) FROM execution WHERE held = 1) AS held
           FROM installation",
    )
    .fetch_one(readers)
    .await
    .map_err(failed("read a hold"))?;
    let columns = Columns::new(&row, "the installation".to_owned());
    let Some(since) = columns.moment_if_any("hold_since")? else {
        return Ok(None);
    };
    Ok(Some(Hold {
        since,
        reason: columns.get("hold_reason")?,
        held: row
            .try_get::<i64, _>("held")
            .map_err(failed("read a hold"))?
            .cast_unsigned(),
    }))
}

const HELD: &str = "SELECT * FROM execution WHERE held = 1 ORDER BY created_at, id";

/// What is held, oldest first.
pub(super) async fn held(readers: &SqlitePool) -> Result<Vec<Execution>, StoreError> {
    let rows = sqlx::query(HELD)
        .fetch_all(readers)
        .await
        .map_err(failed("read what is held"))?;
    rows.iter().map(row::execution).collect()
}

/// What was noticed so far.
pub(super) async fn strangers(readers: &SqlitePool) -> Result<Vec<Stranger>, StoreError> {
    let rows = sqlx::query("SELECT name, noticed_at FROM stranger ORDER BY name")
        .fetch_all(readers)
        .await
        .map_err(failed("read what was noticed"))?;
    let read = rows.iter().map(|row| {
        let columns = Columns::new(row, "a stranger".to_owned());
        Ok(Stranger {
            name: columns.parse("name")?,
            noticed_at: columns.moment("noticed_at")?,
        })
    });
    read.collect()
}
