//! Seals the audit trail, in one transaction: the seal is there with all its rows or not at all. A row is covered by
//! the seal that finds it committed, whatever its id, so nothing that commits late gets behind a seal.

use std::num::NonZeroU32;

use jiff::Timestamp;
use proctor_worker::failpoint;
use sqlx::PgConnection;
use uuid::Uuid;

use super::super::database::Database;
use super::super::fault::failed;
use super::read::Columns;
use crate::store::audit::seal::{Last, Seal};
use crate::store::{AuditRow, Sealing, StoreError};

/// The advisory lock of whoever seals; in a database that others use as well it is to be one that nobody else takes.
const LOCK: i64 = 0x7072_6f63_746f_7201;

/// Seals the oldest rows that no seal covers.
pub(super) async fn seal(database: &Database, limit: NonZeroU32) -> Result<Sealing, StoreError> {
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to seal the audit trail"))?;
    let sealing = if lock(&mut unit).await? {
        seal_locked(&mut unit, limit).await?
    } else {
        Sealing::Elsewhere
    };
    if matches!(sealing, Sealing::Sealed(_)) {
        failpoint::hit("audit.sealing");
    }
    // Even where nothing was done: a unit that is dropped costs its connection.
    unit.commit()
        .await
        .map_err(failed("keep a seal of the audit trail"))?;
    Ok(sealing)
}

/// Whether nobody else seals until this transaction ends.
async fn lock(connection: &mut PgConnection) -> Result<bool, StoreError> {
    sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock($1) AS "is_ours!""#,
        LOCK
    )
    .fetch_one(connection)
    .await
    .map_err(failed("lock the audit trail for a seal"))
}

async fn seal_locked(
    connection: &mut PgConnection,
    limit: NonZeroU32,
) -> Result<Sealing, StoreError> {
    let rows = oldest_unsealed(connection, limit).await?;
    if rows.is_empty() {
        return Ok(Sealing::Nothing);
    }
    let (last, at) = last(connection).await?;
    let seal = Seal::over(&rows, last, at);
    insert(connection, &seal).await?;
    cover(connection, &rows, seal.number).await?;
    Ok(Sealing::Sealed(seal))
}

/// In the order of an index, so that it costs the same however much is not sealed.
async fn oldest_unsealed(
    connection: &mut PgConnection,
    limit: NonZeroU32,
) -> Result<Vec<AuditRow>, StoreError> {
    let rows = sqlx::query_as!(
        Columns,
        r#"SELECT id, proctor.readable(at) AS "at!", who, action, target, source, result, request_id, count, seal
             FROM proctor.audit WHERE seal IS NULL ORDER BY seal, id LIMIT $1"#,
        i64::from(limit.get()),
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read what is not sealed"))?;
    Ok(rows.into_iter().map(AuditRow::from).collect())
}

/// What the next seal follows, and what time it is.
async fn last(connection: &mut PgConnection) -> Result<(Last, Timestamp), StoreError> {
    let row = sqlx::query!(
        r#"SELECT clock_timestamp() AS "now!", installation.uuid, last.number AS "number?", last.hash AS "hash?"
             FROM proctor.installation
             LEFT JOIN (SELECT number, hash FROM proctor.audit_seal ORDER BY number DESC LIMIT 1) AS last
               ON TRUE"#
    )
    .fetch_one(connection)
    .await
    .map_err(failed("read the last seal of the audit trail"))?;
    let last = match (row.number, row.hash) {
        (Some(number), Some(hash)) => Last { number, hash },
        _ => Last::none(Uuid::try_parse(&row.uuid).map_err(|error| {
            StoreError::damaged("column uuid of the installation".to_owned(), error)
        })?),
    };
    Ok((last, row.now.to_jiff()))
}

async fn insert(connection: &mut PgConnection, seal: &Seal) -> Result<(), StoreError> {
    let at = jiff_sqlx::ToSqlx::to_sqlx(seal.at);
    sqlx::query!(
        "INSERT INTO proctor.audit_seal (number, at, previous, contents, hash)
         VALUES ($1, $2, $3, $4, $5)",
        seal.number,
        at as _,
        &seal.previous,
        &seal.contents,
        &seal.hash,
    )
    .execute(connection)
    .await
    .map_err(failed("write a seal of the audit trail"))?;
    Ok(())
}

async fn cover(
    connection: &mut PgConnection,
    rows: &[AuditRow],
    number: i64,
) -> Result<(), StoreError> {
    let ids: Vec<_> = rows.iter().map(|row| row.id).collect();
    sqlx::query!(
        "UPDATE proctor.audit SET seal = $1 WHERE id = ANY($2) AND seal IS NULL",
        number,
        &ids,
    )
    .execute(connection)
    .await
    .map_err(failed("seal rows of the audit trail"))?;
    Ok(())
}
