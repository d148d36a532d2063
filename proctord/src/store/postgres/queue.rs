//! The slots and the queues before them. A slot is a row with `slot`, so nothing can leak: what ends has none.
//! Whoever gives slots out holds rows of `slot_lock` until its commit: that of the installation if that has a
//! limit, and after it those of the procs. Whoever frees a slot holds none of them.

mod heads;
mod place;
mod slots;

use std::num::NonZeroU32;

use sqlx::PgConnection;

use super::database::{Database, Unit};
use super::fault::failed;
use crate::domain::execution::Execution;
use crate::store::queue::next;
use crate::store::{NewExecution, Queues, Replica, StoreError};

pub(super) use place::of as place;

/// Gives free slots to those who wait longest, and tells which executions of the replica have one and are not
/// launched yet.
pub(super) async fn admit(
    database: &Database,
    limit: Option<NonZeroU32>,
    queues: Queues<'_>,
    replica: &Replica,
) -> Result<Vec<Execution>, StoreError> {
    let mut connection = connect(database).await?;
    if queues == Queues::All {
        slots::take_back(&mut connection, replica).await?;
    }
    let turns = startable(&mut connection, limit, queues, replica).await?;
    drop(connection);
    for procs in turns {
        while give_out(database, limit, &procs, replica).await? {}
    }
    slots::admitted_of(&mut *connect(database).await?, &replica.id).await
}

/// The executions of a replica that have a slot and are not launched yet.
pub(super) async fn admitted_of(
    database: &Database,
    owner: &str,
) -> Result<Vec<Execution>, StoreError> {
    slots::admitted_of(&mut *connect(database).await?, owner).await
}

async fn connect(database: &Database) -> Result<Unit, StoreError> {
    let connecting = database.connection().await;
    connecting.map_err(failed("reach the database to read a queue"))
}

/// The procs that slots may be given to now, those of each list as one queue. Most often there are none:
/// then nobody pays for a lock. Whoever freed a slot has committed that before, and who began to wait looks once
/// more after its own commit: one of the two sees the other.
async fn startable(
    connection: &mut PgConnection,
    limit: Option<NonZeroU32>,
    queues: Queues<'_>,
    replica: &Replica,
) -> Result<Vec<Vec<String>>, StoreError> {
    let procs = match queues {
        Queues::Of(proc_name) if limit.is_none() => vec![proc_name.to_string()],
        Queues::Of(_) | Queues::All => heads::procs(connection).await?,
    };
    let heads = heads::of(connection, &procs, Some(&replica.host)).await?;
    let room = slots::room(connection, limit).await?;
    if next(&heads, room).is_none() {
        return Ok(Vec::new());
    }
    if limit.is_some() {
        return Ok(vec![procs]);
    }
    let fitting = heads.into_iter().filter(|head| head.fits());
    Ok(fitting.map(|head| vec![head.proc_name]).collect())
}

/// Gives a slot to the one whose turn it is in the queues of these procs; false, if it is nobody's. One in each
/// unit of work: whoever holds the row of one execution here waits for no other.
async fn give_out(
    database: &Database,
    limit: Option<NonZeroU32>,
    procs: &[String],
    replica: &Replica,
) -> Result<bool, StoreError> {
    let begun = database.begin().await;
    let mut unit = begun.map_err(failed("begin to admit an execution"))?;
    let host = Some(replica.host.as_str());
    if limit.is_some() {
        slots::lock_installation(&mut unit).await?;
    }
    let room = slots::room(&mut unit, limit).await?;
    let heads = heads::of(&mut unit, procs, host).await?;
    let turn = next(&heads, room).map(|head| head.proc_name.clone());
    if let Some(proc_name) = &turn {
        slots::lock_proc(&mut unit, proc_name).await?;
        // Others may have decided before the lock was ours.
        let first = heads::of(&mut unit, std::slice::from_ref(proc_name), host).await?;
        if let Some(head) = next(&first, room) {
            slots::give(&mut unit, head.id, replica).await?;
        }
    }
    let kept = unit.commit().await;
    kept.map_err(failed("keep an admitted execution"))?;
    Ok(turn.is_some())
}

/// Whether a new execution gets a slot at once. Those who wait count as well: nobody overtakes them while a slot
/// that was freed is not given out. Until the unit of work ends nobody else decides over the same slots.
pub(super) async fn has_slot_for(
    unit: &mut PgConnection,
    new: &NewExecution,
    limit: Option<NonZeroU32>,
) -> Result<bool, StoreError> {
    if limit.is_some() {
        slots::lock_installation(unit).await?;
    }
    if let Some(max_concurrent) = new.plan.max_concurrent {
        slots::lock_proc(unit, new.proc_name.as_str()).await?;
        let ahead = slots::ahead(unit, &new.proc_name).await?;
        if ahead >= i64::from(max_concurrent) {
            return Ok(false);
        }
    }
    let room = slots::room(unit, limit).await?;
    if limit.is_none() || !room.is_left() {
        return Ok(room.is_left());
    }
    let procs = heads::procs(unit).await?;
    let heads = heads::of(unit, &procs, new.host.as_deref()).await?;
    Ok(next(&heads, room).is_none())
}
