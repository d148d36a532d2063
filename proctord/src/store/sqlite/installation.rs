//! The row that stands for this installation.

use uuid::Uuid;

use super::fault::failed;
use super::time::{micros, now};
use crate::sqlite::Database;
use crate::store::StoreError;

/// The id that the first migration made.
pub(super) async fn id(records: &Database) -> Result<Uuid, StoreError> {
    let text: String = sqlx::query_scalar("SELECT uuid FROM installation")
        .fetch_one(records.readers())
        .await
        .map_err(failed("read the installation's id"))?;
    Uuid::try_parse(&text)
        .map_err(|error| StoreError::damaged("column uuid of the installation".to_owned(), error))
}

/// Writes to the row: only a write tells whether the disk takes one.
pub(super) async fn touch(records: &Database) -> Result<(), StoreError> {
    let mut unit = records.begin().await.map_err(failed("begin to write"))?;
    sqlx::query("UPDATE installation SET checked_at = ?")
        .bind(micros(now()))
        .execute(&mut *unit)
        .await
        .map_err(failed("write"))?;
    unit.commit().await.map_err(failed("keep what was written"))
}
