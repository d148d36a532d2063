//! A hold: how it begins and what is known of it. Whoever changes anything about one locks the installation's row
//! first; how what is held goes on is said below.

pub(super) mod release;

use sqlx::PgConnection;

use super::database::Database;
use super::fault::failed;
use super::row::{self, Row};
use crate::domain::execution::Execution;
use crate::domain::name::ExecutionName;
use crate::store::hold::Cause;
use crate::store::{Hold, Noticed, StoreError, Stranger};

/// Has a hold begin if the word is another than the last one.
pub(super) async fn heed(
    database: &Database,
    word: Option<&str>,
) -> Result<Option<u64>, StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to look at a hold"))?;
    let changed = sqlx::query!(
        "UPDATE proctor.installation SET hold_word = $1 WHERE hold_word IS DISTINCT FROM $1",
        word,
    )
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

/// Looks which names no execution bears; new ones have a hold begin, unless one is in force: that holds already what
/// was there before.
pub(super) async fn notice(
    database: &Database,
    names: &[ExecutionName],
) -> Result<Noticed, StoreError> {
    let unknown = unknown_of(database, names).await?;
    let mut noticed = Noticed {
        strangers: Vec::new(),
        held: None,
    };
    let mut new = Vec::new();
    for (name, is_new) in unknown {
        noticed.strangers.push(parse(&name)?);
        new.extend(is_new.then_some(name));
    }
    if !new.is_empty() {
        noticed.held = keep(database, &new).await?;
    }
    Ok(noticed)
}

/// The names that no execution bears, and whether each is told for the first time.
async fn unknown_of(
    database: &Database,
    names: &[ExecutionName],
) -> Result<Vec<(String, bool)>, StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database to look for strangers"))?;
    let names: Vec<_> = names.iter().map(|name| name.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        r#"SELECT seen.name AS "name!",
                  NOT EXISTS (SELECT FROM proctor.stranger WHERE stranger.name = seen.name) AS "is_new!"
             FROM unnest($1::text[]) AS seen (name)
            WHERE NOT EXISTS (SELECT FROM proctor.execution WHERE execution.name = seen.name)"#,
        &names,
    )
    .fetch_all(&mut *connection)
    .await
    .map_err(failed("look for strangers"))?;
    Ok(rows.into_iter().map(|row| (row.name, row.is_new)).collect())
}

async fn keep(database: &Database, new: &[String]) -> Result<Option<u64>, StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to keep strangers"))?;
    let in_force = lock(&mut unit).await?;
    let kept = sqlx::query!(
        "INSERT INTO proctor.stranger (name, noticed_at)
         SELECT name, clock_timestamp() FROM unnest($1::text[]) AS new (name)
         ON CONFLICT (name) DO NOTHING",
        new,
    )
    .execute(&mut *unit)
    .await
    .map_err(failed("keep strangers"))?;
    let is_news = kept.rows_affected() > 0;
    let held = match (is_news, in_force) {
        (false, _) => None,
        (true, true) => Some(count(&mut unit).await?),
        (true, false) => Some(begin(&mut unit, Cause::Strangers(new.len())).await?),
    };
    unit.commit().await.map_err(failed("keep strangers"))?;
    Ok(held)
}

/// Waits until nobody else changes anything about a hold, and tells whether one is in force.
async fn lock(connection: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT hold_since IS NOT NULL AS "in_force!" FROM proctor.installation FOR NO KEY UPDATE"#
    )
    .fetch_one(connection)
    .await
    .map_err(failed("look at a hold"))
}

/// Holds everything that is accepted and not running; what is QUEUED gives a slot back that it was admitted to.
/// Returns how many are held.
async fn begin(connection: &mut PgConnection, cause: Cause<'_>) -> Result<u64, StoreError> {
    sqlx::query!(
        "UPDATE proctor.installation SET hold_since = clock_timestamp(), hold_reason = $1",
        cause.in_words(),
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("begin a hold"))?;
    sqlx::query!(
        "UPDATE proctor.execution SET held = TRUE, slot = slot AND status <> 'QUEUED'
          WHERE v2_id IS NULL AND status IN ('RECEIVED', 'QUEUED', 'CREATED') AND NOT held"
    )
    .execute(&mut *connection)
    .await
    .map_err(failed("hold executions"))?;
    count(connection).await
}

async fn count(connection: &mut PgConnection) -> Result<u64, StoreError> {
    let count =
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM proctor.execution WHERE held"#)
            .fetch_one(connection)
            .await
            .map_err(failed("count what is held"))?;
    Ok(count.cast_unsigned())
}

/// The hold that is in force.
pub(super) async fn current(connection: &mut PgConnection) -> Result<Option<Hold>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT hold_since, hold_reason,
                  (SELECT count(*) FROM proctor.execution WHERE held) AS "held!"
             FROM proctor.installation"#
    )
    .fetch_one(connection)
    .await
    .map_err(failed("read a hold"))?;
    Ok(row.hold_since.map(|since| Hold {
        since: since.to_jiff(),
        reason: row.hold_reason.unwrap_or_default(),
        held: row.held.cast_unsigned(),
    }))
}

/// What is held, oldest first.
pub(super) async fn held(connection: &mut PgConnection) -> Result<Vec<Execution>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.execution WHERE held ORDER BY created_at, id"
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read what is held"))?;
    row::all(rows)
}

/// What was noticed so far.
pub(super) async fn strangers(connection: &mut PgConnection) -> Result<Vec<Stranger>, StoreError> {
    let rows = sqlx::query!("SELECT name, noticed_at FROM proctor.stranger ORDER BY name")
        .fetch_all(connection)
        .await
        .map_err(failed("read what was noticed"))?;
    let read = rows.into_iter().map(|row| {
        Ok(Stranger {
            name: parse(&row.name)?,
            noticed_at: row.noticed_at.to_jiff(),
        })
    });
    read.collect()
}

fn parse(name: &str) -> Result<ExecutionName, StoreError> {
    name.parse()
        .map_err(|error| StoreError::damaged(format!("{name}, a name in `stranger`"), error))
}
