//! Seals the audit trail, in one unit of work: the seal is there with all its rows or not at all.

use std::num::NonZeroU32;

use proctor_worker::failpoint;
use sqlx::SqliteConnection;
use uuid::Uuid;

use super::super::fault::failed;
use super::super::time::{micros, now};
use super::read;
use crate::sqlite::Database;
use crate::store::audit::seal::{Last, Seal};
use crate::store::{AuditRow, Sealing, StoreError};

/// Seals the oldest rows that no seal covers.
pub(super) async fn seal(records: &Database, limit: NonZeroU32) -> Result<Sealing, StoreError> {
    // Nobody is kept from writing while there is nothing to seal.
    let any: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM audit WHERE seal IS NULL)")
        .fetch_one(records.readers())
        .await
        .map_err(failed("look for what is not sealed"))?;
    if !any {
        return Ok(Sealing::Nothing);
    }
    let mut unit = records
        .begin()
        .await
        .map_err(failed("begin to seal the audit trail"))?;
    let rows = oldest_unsealed(&mut unit, limit).await?;
    if rows.is_empty() {
        return Ok(Sealing::Nothing);
    }
    let last = last(&mut unit).await?;
    let seal = Seal::over(&rows, last, now());
    insert(&mut unit, &seal).await?;
    cover(&mut unit, &rows, seal.number).await?;
    failpoint::hit("audit.sealing");
    unit.commit()
        .await
        .map_err(failed("keep a seal of the audit trail"))?;
    Ok(Sealing::Sealed(seal))
}

async fn oldest_unsealed(
    connection: &mut SqliteConnection,
    limit: NonZeroU32,
) -> Result<Vec<AuditRow>, StoreError> {
    let rows = sqlx::query("SELECT * FROM audit WHERE seal IS NULL ORDER BY seal, id LIMIT ?")
        .bind(limit.get())
        .fetch_all(connection)
        .await
        .map_err(failed("read what is not sealed"))?;
    read::all(&rows)
}

/// What the next seal follows.
async fn last(connection: &mut SqliteConnection) -> Result<Last, StoreError> {
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT number, hash FROM audit_seal ORDER BY number DESC LIMIT 1")
            .fetch_optional(&mut *connection)
            .await
            .map_err(failed("read the last seal of the audit trail"))?;
    if let Some((number, hash)) = last {
        return Ok(Last { number, hash });
    }
    let uuid: String = sqlx::query_scalar("SELECT uuid FROM installation")
        .fetch_one(connection)
        .await
        .map_err(failed("read the installation's id"))?;
    let uuid = Uuid::try_parse(&uuid).map_err(|error| {
        StoreError::damaged("column uuid of the installation".to_owned(), error)
    })?;
    Ok(Last::none(uuid))
}

async fn insert(connection: &mut SqliteConnection, seal: &Seal) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO audit_seal (number, at, previous, contents, hash) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(seal.number)
    .bind(micros(seal.at))
    .bind(&seal.previous)
    .bind(&seal.contents)
    .bind(&seal.hash)
    .execute(connection)
    .await
    .map_err(failed("write a seal of the audit trail"))?;
    Ok(())
}

/// Nobody else writes meanwhile: these are all that are not sealed up to the last of them.
async fn cover(
    connection: &mut SqliteConnection,
    rows: &[AuditRow],
    number: i64,
) -> Result<(), StoreError> {
    let last = rows.last().map_or(0, |row| row.id);
    sqlx::query("UPDATE audit SET seal = ? WHERE seal IS NULL AND id <= ?")
        .bind(number)
        .bind(last)
        .execute(connection)
        .await
        .map_err(failed("seal rows of the audit trail"))?;
    Ok(())
}
