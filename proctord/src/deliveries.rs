//! Carries out what the store has written down: callbacks, notifications and mails, each at least once. Any replica
//! does, and whatever one leaves half-way another takes up. What is written and when is the store's; this module owns
//! how it goes out, when it is tried again and when it is given up.

mod callback;
mod carrier;
mod counts;
mod error;
mod lanes;
mod log_end;
pub mod mail;
mod notification;
mod patience;

use std::num::NonZeroU32;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use jiff::SignedDuration;
use proctor_worker::failpoint;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};
use tracing::{debug, error, info, warn};

use crate::store::{Claim, Claimed, Settlement, Store, StoreError};
use crate::telemetry::chain;

pub use callback::Callbacks;
pub use carrier::Carriers;
pub use counts::{Counts, Outcome};
pub use error::DeliveryError;
use lanes::Lanes;
pub use log_end::LastLines;
pub use notification::Notifications;

/// Between two looks at what is due; what is due comes at once while there is more of it.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);
/// How much is claimed at once: what is claimed may wait for others of its lane.
const BATCH: usize = 8;
/// How much is under way at once, and how much of it in one lane.
const AT_A_TIME: usize = 128;
const AT_A_TIME_IN_LANE: usize = 4;
/// How long one try may take, whatever it does.
const LONGEST_TRY: Duration = Duration::from_secs(30);
/// How long a claim lasts: those before it in its lane, and itself.
const CLAIM: Duration = Duration::from_secs(180);
/// How much of what went wrong is kept, in characters.
const ERROR_LIMIT: usize = 1000;
/// How long what is under way may take when the service stops.
const LAST_TRIES_PATIENCE: Duration = Duration::from_secs(5);

/// Carries deliveries out.
pub struct Deliveries {
    shared: Arc<Shared>,
    replica: String,
    lanes: Lanes,
    under_way: JoinSet<String>,
    is_failing: bool,
}

/// What the tries share.
struct Shared {
    store: Arc<dyn Store>,
    carriers: Carriers,
    counts: Counts,
}

impl Deliveries {
    /// For the replica of that id.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, replica: String, carriers: Carriers, counts: Counts) -> Self {
        Self {
            shared: Arc::new(Shared {
                store,
                carriers,
                counts,
            }),
            replica,
            lanes: Lanes::of(AT_A_TIME_IN_LANE),
            under_way: JoinSet::new(),
            is_failing: false,
        }
    }

    /// Carries out what is due, for ever. Cancelled, it goes on with what is under way in `finish`.
    pub async fn run(&mut self) {
        let mut ticks = tokio::time::interval(BETWEEN_LOOKS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            while self.claim_some().await {
                self.make_room().await;
            }
        }
    }

    /// Waits for what is under way, but not for long: what does not end counts as a try that failed.
    pub async fn finish(mut self) {
        let ended = async { while self.under_way.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_TRIES_PATIENCE, ended)
            .await
            .is_err()
        {
            info!("deliveries that are under way are tried again by the next start");
        }
    }

    /// Claims what is due and begins with it. Answers whether there may be more.
    async fn claim_some(&mut self) -> bool {
        self.reap();
        let room = AT_A_TIME.saturating_sub(self.under_way.len()).min(BATCH);
        let Some(limit) = u32::try_from(room).ok().and_then(NonZeroU32::new) else {
            return true;
        };
        let busy = self.lanes.busy();
        let expires = Instant::now() + CLAIM - LONGEST_TRY;
        let claim = Claim {
            replica: &self.replica,
            busy: &busy,
            lifetime: SignedDuration::try_from(CLAIM).unwrap_or(SignedDuration::MAX),
            limit,
        };
        let claimed = self.shared.store.claim_deliveries(claim).await;
        let claimed = self.told(claimed);
        let is_full = claimed.len() == room;
        for one in claimed {
            self.begin(one, expires);
        }
        is_full
    }

    /// What was claimed. A failure is told once, until it goes well again.
    fn told(&mut self, claimed: Result<Vec<Claimed>, StoreError>) -> Vec<Claimed> {
        match claimed {
            Ok(claimed) => {
                self.is_failing = false;
                claimed
            }
            // It waits for its lease; others go on meanwhile.
            Err(StoreError::LeaseExpired(_)) => Vec::new(),
            Err(error) if self.is_failing => {
                debug!(error = chain(&error), "deliveries are still not looked for");
                Vec::new()
            }
            Err(error) => {
                warn!(error = chain(&error), "deliveries cannot be looked for");
                self.is_failing = true;
                Vec::new()
            }
        }
    }

    fn begin(&mut self, claimed: Claimed, expires: Instant) {
        let turns = self.lanes.enter(&claimed.lane);
        let shared = Arc::clone(&self.shared);
        self.under_way.spawn(async move {
            let lane = claimed.lane.clone();
            let Ok(_turn) = turns.acquire_owned().await else {
                return lane;
            };
            // By then it may be somebody else's.
            if Instant::now() < expires {
                let tried = AssertUnwindSafe(shared.try_one(&claimed)).catch_unwind();
                if tried.await.is_err() {
                    error!(
                        delivery.id = claimed.id,
                        "a delivery broke the one who tried it"
                    );
                }
            }
            lane
        });
    }

    /// Waits until at least one of those under way has ended, if there is no room for more.
    async fn make_room(&mut self) {
        if self.under_way.len() >= AT_A_TIME
            && let Some(Ok(lane)) = self.under_way.join_next().await
        {
            self.lanes.leave(&lane);
        }
    }

    fn reap(&mut self) {
        while let Some(ended) = self.under_way.try_join_next() {
            if let Ok(lane) = ended {
                self.lanes.leave(&lane);
            }
        }
    }
}

impl Shared {
    async fn try_one(&self, claimed: &Claimed) {
        failpoint::hit("deliver.claimed");
        let trying = self.carriers.carry(self.store.as_ref(), claimed);
        let tried = tokio::time::timeout(LONGEST_TRY, trying).await;
        let tried = tried.unwrap_or(Err(DeliveryError::TimedOut(LONGEST_TRY)));
        failpoint::hit("deliver.sent");
        let settlement = settlement(claimed, tried.err().as_ref());
        self.counts.tried(claimed.kind, Outcome::of(&settlement));
        tell(claimed, &settlement);
        match self.store.settle_delivery(claimed, &settlement).await {
            Ok(true) => failpoint::hit("deliver.settled"),
            Ok(false) => info!(
                delivery.id = claimed.id,
                "a delivery was taken over by somebody else meanwhile"
            ),
            Err(error) => warn!(
                delivery.id = claimed.id,
                error = chain(&error),
                "what became of a delivery is not stored: it will be tried again"
            ),
        }
    }
}

fn settlement(claimed: &Claimed, failure: Option<&DeliveryError>) -> Settlement {
    let Some(failure) = failure else {
        return Settlement::Delivered;
    };
    let error: String = chain(failure).chars().take(ERROR_LIMIT).collect();
    let next = patience::next(claimed.attempts, claimed.age, rand::random());
    match next.filter(|_| !failure.is_final()) {
        Some(after) => Settlement::Later { error, after },
        None => Settlement::Dead { error },
    }
}

fn tell(claimed: &Claimed, settlement: &Settlement) {
    let (id, kind) = (&claimed.id, claimed.kind);
    let execution = claimed.execution.map(|id| id.to_string());
    match settlement {
        Settlement::Delivered => {
            debug!(delivery.id = id, %kind, execution.id = execution, "delivered")
        }
        Settlement::Later { error, .. } => {
            info!(delivery.id = id, %kind, execution.id = execution, attempts = claimed.attempts, error, "not delivered yet");
        }
        Settlement::Dead { error } => {
            error!(delivery.id = id, %kind, execution.id = execution, attempts = claimed.attempts, error, "a delivery is given up");
        }
    }
}
