//! The rows of secrets. Errors name the proc and the secret, never a value.

use std::collections::BTreeSet;

use secrecy::SecretString;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection, SqliteExecutor};

use super::fault::failed;
use super::now;
use crate::catalog::CatalogError;
use crate::catalog::sealing::{Sealed, SecretKeys};
use crate::domain::environment::Secrets;
use crate::domain::name::{ProcName, VariableName};

/// Sets one secret.
pub(super) async fn set(
    connection: &mut SqliteConnection,
    keys: &SecretKeys,
    proc_name: &ProcName,
    name: &VariableName,
    value: &SecretString,
) -> Result<(), CatalogError> {
    let sealed = keys
        .seal(proc_name, name, value)
        .map_err(|error| CatalogError::Unavailable {
            doing: "seal a secret",
            source: Box::new(error),
        })?;
    sqlx::query(
        "INSERT INTO secret (proc_name, name, key_id, nonce, ciphertext, updated_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (proc_name, name) DO UPDATE
            SET key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext,
                updated_at = excluded.updated_at",
    )
    .bind(proc_name.as_str())
    .bind(name.as_str())
    .bind(sealed.key_id)
    .bind(sealed.nonce)
    .bind(sealed.ciphertext)
    .bind(now())
    .execute(connection)
    .await
    .map_err(failed("write a secret"))?;
    Ok(())
}

/// Removes all secrets of a proc.
pub(super) async fn clear(
    connection: &mut SqliteConnection,
    proc_name: &ProcName,
) -> Result<(), CatalogError> {
    sqlx::query("DELETE FROM secret WHERE proc_name = ?")
        .bind(proc_name.as_str())
        .execute(connection)
        .await
        .map_err(failed("remove the secrets of a proc"))?;
    Ok(())
}

/// Removes one secret, and tells whether it was there.
pub(super) async fn remove(
    connection: &mut SqliteConnection,
    proc_name: &ProcName,
    name: &VariableName,
) -> Result<bool, CatalogError> {
    let done = sqlx::query("DELETE FROM secret WHERE proc_name = ? AND name = ?")
        .bind(proc_name.as_str())
        .bind(name.as_str())
        .execute(connection)
        .await
        .map_err(failed("remove a secret"))?;
    Ok(done.rows_affected() > 0)
}

/// The names of the secrets of a proc.
pub(super) async fn names(
    executor: impl SqliteExecutor<'_>,
    proc_name: &ProcName,
) -> Result<BTreeSet<VariableName>, CatalogError> {
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM secret WHERE proc_name = ?")
        .bind(proc_name.as_str())
        .fetch_all(executor)
        .await
        .map_err(failed("read the names of secrets"))?;
    names.iter().map(|name| parse(proc_name, name)).collect()
}

/// All secrets of a proc, opened.
pub(super) async fn open_all(
    executor: impl SqliteExecutor<'_>,
    keys: &SecretKeys,
    proc_name: &ProcName,
) -> Result<Secrets, CatalogError> {
    let rows =
        sqlx::query("SELECT name, key_id, nonce, ciphertext FROM secret WHERE proc_name = ?")
            .bind(proc_name.as_str())
            .fetch_all(executor)
            .await
            .map_err(failed("read the secrets of a proc"))?;
    rows.iter().map(|row| open(keys, proc_name, row)).collect()
}

fn open(
    keys: &SecretKeys,
    proc_name: &ProcName,
    row: &SqliteRow,
) -> Result<(VariableName, SecretString), CatalogError> {
    let name = parse(
        proc_name,
        row.try_get("name")
            .map_err(failed("read a secret's name"))?,
    )?;
    let sealed = Sealed {
        key_id: row
            .try_get("key_id")
            .map_err(failed("read a secret's key"))?,
        nonce: row
            .try_get("nonce")
            .map_err(failed("read a secret's nonce"))?,
        ciphertext: row.try_get("ciphertext").map_err(failed("read a secret"))?,
    };
    match keys.open(proc_name, &name, &sealed) {
        Ok(value) => Ok((name, value)),
        Err(error) => Err(CatalogError::Damaged {
            what: format!("secret {name} of proc {proc_name}"),
            source: Some(Box::new(error)),
        }),
    }
}

fn parse(proc_name: &ProcName, name: &str) -> Result<VariableName, CatalogError> {
    name.parse().map_err(|error| CatalogError::Damaged {
        what: format!("the name of a secret of proc {proc_name}"),
        source: Some(Box::new(error)),
    })
}
