//! Appending to logs: many executions in one commit and a handful of statements, each append under its own
//! fence. One that is refused changes nothing and harms no other.

use futures::future::join_all;

use super::chunk::Chunks;
use super::event::Events;
use super::ledger::{Ledger, Moved};
use super::trim;
use crate::store::log::codec;
use crate::store::postgres::database::Database;
use crate::store::postgres::fault::failed;
use crate::store::{Appended, LogAppend, StoreError};

/// Appends in one commit; the answers stand in the order of the appends.
pub(in crate::store::postgres) async fn append(
    database: &Database,
    appends: &[LogAppend],
    limit: u64,
) -> Result<Vec<Result<Appended, StoreError>>, StoreError> {
    if appends.is_empty() {
        return Ok(Vec::new());
    }
    // Before the unit of work begins: nobody should wait for a lock because of it.
    let packing = appends
        .iter()
        .map(|append| codec::pack(append.bytes.clone()));
    let packed = join_all(packing).await;
    let mut unit = database
        .begin()
        .await
        .map_err(failed("begin to append to logs"))?;
    let mut ledger = Ledger::lock(&mut unit, appends).await?;
    let (mut chunks, mut events, mut moved) =
        (Chunks::default(), Events::default(), Moved::default());
    let mut answers = Vec::with_capacity(appends.len());
    for (append, packed) in appends.iter().zip(packed) {
        let answer = match ledger.advance(append) {
            Ok((first_event, appended)) => {
                chunks.add(append.id, append.offset, packed);
                events.add(append.id, first_event, &append.events)?;
                moved.note(append, appended);
                Ok(appended)
            }
            Err(refused) => Err(refused),
        };
        answers.push(answer);
    }
    chunks.write(&mut unit).await?;
    events.write(&mut unit).await?;
    moved.write(&mut unit).await?;
    for append in appends {
        trim::to_limit(&mut unit, append.id, ledger.head(append.id), limit).await?;
    }
    unit.commit()
        .await
        .map_err(failed("keep what was appended to logs"))?;
    Ok(answers)
}
