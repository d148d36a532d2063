//! The lease of this replica: as long as it holds, nobody else acts for what is ours, and for what belongs to no
//! host only its holder changes anything outside the store. What silent replicas have left is taken over here.
//! Writes to the store need no look at it: each carries its fence.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::SignedDuration;
use proctor_worker::failpoint;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use super::Tracker;
use crate::domain::execution::{Execution, Fence};
use crate::domain::id::ExecutionId;
use crate::logs::Hold;
use crate::store::StoreError;
use crate::telemetry::chain;

/// How many executions are taken over at once.
pub(super) const BATCH: NonZeroU32 = NonZeroU32::new(200).expect("200 is not zero");
/// A renewal comes at least this many times in each lifetime, so that one or two that fail cost nothing.
const RENEWALS: u32 = 3;
/// What somebody leaves on purpose waits for no longer than this, however long the lease is.
const LONGEST_BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Until when this replica may act, by its own clock: a replica that slept finds that its time is over without
/// asking anybody.
pub(super) struct Lease {
    lifetime: Duration,
    until: watch::Sender<Option<Instant>>,
}

impl Lease {
    /// One that is yet to be taken.
    pub(super) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            until: watch::Sender::new(None),
        }
    }

    /// Whether it holds now.
    fn holds(&self) -> bool {
        is_ahead(*self.until.borrow())
    }

    /// Until when it holds, for those that look from time to time.
    pub(super) fn watch(&self) -> watch::Receiver<Option<Instant>> {
        self.until.subscribe()
    }

    /// Resolves while it holds.
    pub(super) async fn held(&self) {
        let mut until = self.until.subscribe();
        // The sender lives as long as the tracker; nobody waits for longer.
        let _ = until.wait_for(|until| is_ahead(*until)).await;
    }
}

fn is_ahead(until: Option<Instant>) -> bool {
    until.is_some_and(|until| Instant::now() < until)
}

impl Tracker {
    /// What keeps everybody else from acting for an execution of ours.
    pub(super) fn hold(&self, execution: &Execution) -> Hold {
        if execution.host.is_some() && !self.is_of_another_host(execution) {
            Hold::Host
        } else {
            Hold::Lease(self.inner.lease.watch())
        }
    }

    /// Renews the lease, and takes over what silent replicas have left, for ever.
    pub async fn hold_lease(&self) {
        let mut told = false;
        loop {
            match self.renew_and_adopt().await {
                Ok(()) => told = false,
                Err(error) if told => tracing::debug!(error = chain(&error), "no lease yet"),
                Err(error) => {
                    warn!(error = chain(&error), "the lease is not renewed");
                    told = true;
                }
            }
            let pause = self.inner.lease.lifetime / RENEWALS;
            tokio::time::sleep(pause.min(LONGEST_BETWEEN_LOOKS)).await;
        }
    }

    async fn renew_and_adopt(&self) -> Result<(), StoreError> {
        let lease = &self.inner.lease;
        let until = self.ask_for_lease().await?;
        // If it ran out before the answer, somebody may have come before the question was heard. It holds again
        // once what others took is let go.
        if !lease.holds() {
            self.settle_with_store().await?;
        }
        lease.until.send_replace(Some(until));
        self.adopt_silent().await?;
        self.adopt_from_silent_hosts().await
    }

    /// Takes the lease for one who acts for nothing yet.
    pub(super) async fn take_lease(&self) -> Result<(), StoreError> {
        let until = self.ask_for_lease().await?;
        self.inner.lease.until.send_replace(Some(until));
        Ok(())
    }

    /// Takes the lease or makes it longer in the store. Its time runs from before the question.
    async fn ask_for_lease(&self) -> Result<Instant, StoreError> {
        let (parts, lease) = (&self.inner.parts, &self.inner.lease);
        let asked_at = Instant::now();
        let lifetime = SignedDuration::try_from(lease.lifetime).unwrap_or(SignedDuration::MAX);
        parts.store.renew_lease(&parts.replica, lifetime).await?;
        Ok(asked_at + lease.lifetime)
    }

    /// Takes over what replicas without a lease have left, batch by batch.
    pub(super) async fn adopt_silent(&self) -> Result<usize, StoreError> {
        let parts = &self.inner.parts;
        let mut count = 0;
        loop {
            failpoint::hit("adopt.begun");
            let adopted = parts.store.adopt_silent(&parts.replica, BATCH).await?;
            let batch = adopted.len();
            count += batch;
            if batch > 0 {
                failpoint::hit("adopt.stored");
                self.take_up_all(adopted).await;
                failpoint::hit("adopt.tracked");
            }
            if batch < BATCH.get() as usize {
                break;
            }
        }
        if count > 0 {
            info!(
                executions = count,
                "took over what a silent replica has left"
            );
        }
        Ok(count)
    }

    /// Others may have taken over what was ours while the lease did not hold, or nobody may have.
    async fn settle_with_store(&self) -> Result<(), StoreError> {
        let before: Vec<(ExecutionId, Fence)> = self
            .courses()
            .iter()
            .map(|(id, signals)| (*id, signals.fence))
            .collect();
        let parts = &self.inner.parts;
        let ours = parts.store.unfinished_of(&parts.replica.id).await?;
        let still_ours: HashSet<_> = ours.iter().map(|execution| execution.id).collect();
        let mut given_away = Vec::new();
        for (id, fence) in before.iter().filter(|(id, _)| !still_ours.contains(id)) {
            // A slot may have made it ours again meanwhile: that course is another one.
            if let Some(signals) = self.courses().get(id).filter(|now| now.fence == *fence) {
                signals.abandon.cancel();
                given_away.push(*id);
            }
        }
        self.stop_what_is_lost(given_away);
        self.take_up_all(ours).await;
        Ok(())
    }

    /// Lets others take over at once what this replica leaves.
    pub(super) async fn give_up_lease(&self) {
        let parts = &self.inner.parts;
        self.inner.lease.until.send_replace(None);
        if let Err(error) = parts.store.give_up_lease(&parts.replica.id).await {
            warn!(error = chain(&error), "the lease ends by itself only");
        }
    }
}
