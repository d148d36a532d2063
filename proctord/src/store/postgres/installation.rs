//! The row that stands for this installation, and the database's clock.

use jiff::Timestamp;
use uuid::Uuid;

use super::database::Database;
use super::fault::failed;
use super::migrations;
use crate::store::StoreError;

/// The id that the first migration made.
pub(super) async fn id(database: &Database) -> Result<Uuid, StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database"))?;
    migrations::check(&mut connection).await?;
    let text = sqlx::query_scalar!("SELECT uuid FROM proctor.installation")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed("read the installation's id"))?;
    Uuid::try_parse(&text)
        .map_err(|error| StoreError::damaged("column uuid of the installation".to_owned(), error))
}

/// Writes to the row: only a write tells whether the database takes one.
pub(super) async fn touch(database: &Database) -> Result<(), StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database"))?;
    migrations::check(&mut connection).await?;
    sqlx::query!("UPDATE proctor.installation SET checked_at = clock_timestamp()")
        .execute(&mut *connection)
        .await
        .map_err(failed("write"))?;
    Ok(())
}

/// What time it is for every replica.
pub(super) async fn clock(database: &Database) -> Result<Timestamp, StoreError> {
    let mut connection = database
        .connection()
        .await
        .map_err(failed("reach the database for its clock"))?;
    let now = sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed("read the database's clock"))?;
    Ok(now.to_jiff())
}
