//! Schedules of version 2. They get new ids, and keep the old one beside it.

use sqlx::PgConnection;

use super::change;
use super::clock::Clock;
use super::read::Row;
use crate::domain::schedule::Schedule;
use crate::store::postgres::database::Database;
use crate::store::postgres::fault::failed;
use crate::store::schedule::imported;
use crate::store::{ImportedSchedule, StoreError};

/// Whether it was stored, and not there already.
pub(super) async fn import(
    database: &Database,
    clock: &Clock,
    wanted: &ImportedSchedule,
) -> Result<bool, StoreError> {
    let mut unit = change::begin(database).await?;
    if find(&mut unit, wanted.v2_id).await?.is_some() {
        return Ok(false);
    }
    let now = clock.now(&mut unit).await?;
    let schedule = imported(change::free_id(&mut unit).await?, wanted, now)?;
    change::insert(&mut unit, &schedule, None).await?;
    sqlx::query!(
        "UPDATE proctor.schedule SET v2_id = $2 WHERE id = $1",
        schedule.id.as_i64(),
        wanted.v2_id.cast_signed(),
    )
    .execute(&mut *unit)
    .await
    .map_err(failed("write what a schedule was called"))?;
    change::commit(unit).await?;
    Ok(true)
}

pub(super) async fn find(
    connection: &mut PgConnection,
    v2_id: u64,
) -> Result<Option<Schedule>, StoreError> {
    // Version 2's own column held no greater number.
    let Ok(v2_id) = i64::try_from(v2_id) else {
        return Ok(None);
    };
    sqlx::query_as!(
        Row,
        "SELECT * FROM proctor.schedule WHERE v2_id = $1",
        v2_id
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("read a schedule of version 2"))?
    .map(Schedule::try_from)
    .transpose()
}
