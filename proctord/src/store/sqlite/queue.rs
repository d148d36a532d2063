//! The slots and the queues before them. A slot is a row with `slot = 1`, so nothing can leak: what ends has none.
//! The one writer of the file is the lock under which they are given out.

pub(super) mod heads;
pub(super) mod place;
pub(super) mod slots;

use std::num::NonZeroU32;

use sqlx::SqliteConnection;

use super::fault::failed;
use super::time::{micros, now};
use crate::domain::execution::Execution;
use crate::sqlite::Database;
use crate::store::queue::{Head, next};
use crate::store::{NewExecution, Queues, Replica, StoreError};

/// Gives free slots to those who wait longest, and tells which executions of the replica have one and are not
/// launched yet.
pub(super) async fn admit(
    records: &Database,
    limit: Option<NonZeroU32>,
    queues: Queues<'_>,
    replica: &Replica,
) -> Result<Vec<Execution>, StoreError> {
    if is_to_do(records, limit, queues, replica).await? {
        let begun = records.begin().await;
        let mut unit = begun.map_err(failed("begin to admit executions"))?;
        if queues == Queues::All {
            slots::take_back(&mut unit, replica, micros(now())).await?;
        }
        give_out(&mut unit, limit, queues, replica).await?;
        let kept = unit.commit().await;
        kept.map_err(failed("keep admitted executions"))?;
    }
    slots::admitted_of(records.readers(), &replica.id).await
}

/// Whether a slot can be given out or taken back; most often there is none, and then nothing is written.
async fn is_to_do(
    records: &Database,
    limit: Option<NonZeroU32>,
    queues: Queues<'_>,
    replica: &Replica,
) -> Result<bool, StoreError> {
    let connecting = records.readers().acquire().await;
    let mut connection = connecting.map_err(failed("reach the file to read the queues"))?;
    if queues == Queues::All && slots::are_unused(&mut connection, replica, micros(now())).await? {
        return Ok(true);
    }
    let heads = of(&mut connection, limit, queues, Some(&replica.host)).await?;
    let room = slots::room(&mut connection, limit).await?;
    Ok(next(&heads, room).is_some())
}

/// Gives slots to the first in the queues, oldest first, as long as there are any.
async fn give_out(
    unit: &mut SqliteConnection,
    limit: Option<NonZeroU32>,
    queues: Queues<'_>,
    replica: &Replica,
) -> Result<(), StoreError> {
    let host = Some(replica.host.as_str());
    let mut room = slots::room(unit, limit).await?;
    let mut heads = of(unit, limit, queues, host).await?;
    while let Some(head) = next(&heads, room).cloned() {
        slots::give(unit, head.id, replica).await?;
        room = room.with_one_more();
        heads.retain(|other| other.proc_name != head.proc_name);
        heads.extend(heads::of(unit, &head.proc_name, host).await?);
    }
    Ok(())
}

async fn of(
    connection: &mut SqliteConnection,
    limit: Option<NonZeroU32>,
    queues: Queues<'_>,
    host: Option<&str>,
) -> Result<Vec<Head>, StoreError> {
    match queues {
        Queues::Of(proc_name) if limit.is_none() => {
            let head = heads::of(connection, proc_name.as_str(), host).await?;
            Ok(Vec::from_iter(head))
        }
        Queues::Of(_) | Queues::All => heads::all(connection, host).await,
    }
}

/// Whether a new execution gets a slot at once. Those who wait count as well: nobody overtakes them while a slot
/// that was freed is not given out.
pub(super) async fn has_slot_for(
    unit: &mut SqliteConnection,
    new: &NewExecution,
    limit: Option<NonZeroU32>,
) -> Result<bool, StoreError> {
    if let Some(max_concurrent) = new.plan.max_concurrent {
        let ahead = slots::taken(unit, new.proc_name.as_str()).await?
            + slots::waiting(unit, &new.proc_name).await?;
        if ahead >= i64::from(max_concurrent) {
            return Ok(false);
        }
    }
    let room = slots::room(unit, limit).await?;
    if limit.is_none() || !room.is_left() {
        return Ok(room.is_left());
    }
    let heads = heads::all(unit, new.host.as_deref()).await?;
    Ok(next(&heads, room).is_none())
}
