//! What other replicas have stored and do not tell: wishes to stop an execution of ours, or that it is given up, slots
//! that they have given to one of ours, and what a person has released. This replica asks for each of them from time
//! to time, by one query for all.

use std::time::Duration;

use tracing::debug;

use super::Tracker;
use crate::store::Queues;
use crate::telemetry::chain;

const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
const BETWEEN_NETS: Duration = Duration::from_secs(5);

impl Tracker {
    /// Looks for what others have stored, for ever.
    pub async fn look_for_news(&self) {
        tokio::join!(
            self.look_for_stops(),
            self.look_for_slots(),
            self.look_after_queues(),
            self.look_for_releases()
        );
    }

    async fn look_for_stops(&self) {
        loop {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            let parts = &self.inner.parts;
            match parts.store.stops_of(&parts.replica.id).await {
                Ok(stops) => stops.into_iter().for_each(|execution| self.stop(execution)),
                Err(error) => debug!(error = chain(&error), "the stops cannot be seen"),
            }
        }
    }

    /// Whoever frees a slot gives it on. What belongs to no host it takes over; to one of this host it can only
    /// give the slot, and we are to find it here.
    async fn look_for_slots(&self) {
        loop {
            tokio::time::sleep(BETWEEN_LOOKS).await;
            let parts = &self.inner.parts;
            match parts.store.admitted_of(&parts.replica.id).await {
                Ok(admitted) => admitted
                    .into_iter()
                    .for_each(|execution| self.track(execution)),
                // Readiness tells of it; the next look comes soon.
                Err(error) => debug!(error = chain(&error), "the slots cannot be seen"),
            }
        }
    }

    /// Looks at all queues when one of ours begins to wait, for a slot may have become free meanwhile.
    ///
    /// What ends gives its slot on by itself, and an adopter does that again. So looking from time to time is a net
    /// below all this, for what nobody is told of: slots of a host that fell silent before it could launch; a limit
    /// that was raised, or that other replicas do not have, while a restart goes from one to the next; rows that
    /// somebody has changed by hand. It costs a query or two as long as nothing can be given out.
    async fn look_after_queues(&self) {
        loop {
            // Both are as good a reason to look.
            let _ = tokio::time::timeout(BETWEEN_NETS, self.inner.queued.notified()).await;
            self.admit(Queues::All).await;
        }
    }
}
