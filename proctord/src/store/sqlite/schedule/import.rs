//! Schedules of version 2. They get new ids, and keep the old one beside it.

use sqlx::SqliteExecutor;

use super::change;
use super::read::schedule;
use crate::domain::schedule::Schedule;
use crate::store::schedule::imported;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::failed;
use crate::store::{ImportedSchedule, StoreError};

pub(in crate::store::sqlite) const OF_V2: &str = "SELECT * FROM schedule WHERE v2_id = ?";

/// Whether it was stored, and not there already.
pub(super) async fn import(
    store: &SqliteStore,
    wanted: &ImportedSchedule,
) -> Result<bool, StoreError> {
    let mut unit = change::begin(store).await?;
    if find(&mut *unit, wanted.v2_id).await?.is_some() {
        return Ok(false);
    }
    let id = change::free_id(store, &mut unit).await?;
    change::insert(&mut unit, &imported(id, wanted, store.clock.now())?).await?;
    sqlx::query("UPDATE schedule SET v2_id = ?2 WHERE id = ?1")
        .bind(id.as_i64())
        .bind(wanted.v2_id.cast_signed())
        .execute(&mut *unit)
        .await
        .map_err(failed("write what a schedule was called"))?;
    change::commit(unit).await?;
    Ok(true)
}

pub(super) async fn find(
    executor: impl SqliteExecutor<'_>,
    v2_id: u64,
) -> Result<Option<Schedule>, StoreError> {
    // Version 2's own column held no greater number.
    let Ok(v2_id) = i64::try_from(v2_id) else {
        return Ok(None);
    };
    sqlx::query(OF_V2)
        .bind(v2_id)
        .fetch_optional(executor)
        .await
        .map_err(failed("read a schedule of version 2"))?
        .map(|row| schedule(&row))
        .transpose()
}
