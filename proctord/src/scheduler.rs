//! Fires schedules: looks what is due by the store's clock, prepares what is to run, and has the store claim, cover and
//! accept it in one unit of work. Each look takes no input and may be repeated, and any number of replicas do the same;
//! that nothing fires twice is the store's business. It looks when the next moment is due, and when the ticker pokes it.
//! Which moments there are is `proctor-cron`'s, what becomes of them is decided in `domain/schedule`.

mod batch;
mod moments;
mod owners;
mod preparation;
#[cfg(test)]
mod tests;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tracing::{debug, info, warn};

use crate::authentication::Authentication;
use crate::catalog::Catalog;
use crate::domain::execution::Defaults;
use crate::domain::schedule::Schedule;
use crate::metrics::ScheduleMetrics;
use crate::policy::Policy;
use crate::runner::Runner;
use crate::store::{DueSchedules, Fired, Replica, Store, StoreError};
use crate::telemetry::chain;
use crate::ticker::Tick;
use crate::tracker::Tracker;
use moments::KnownMoments;
use owners::Owners;
pub use owners::SeenUsers;
use preparation::Preparation;
pub(crate) use preparation::{execution_of, look_up};
use proctor_api::Status;

/// How many schedules are claimed at once: one commit for all of them, which no other waits long for.
const BATCH: usize = 500;
/// How many due ones are looked at together. Replicas begin at different places of that.
const LOOK: NonZeroU32 = NonZeroU32::new(4 * BATCH as u32).expect("it is not zero");
/// Somebody else may create what is due before anything that is known here, hence the tick.
const EACH_SECOND: &str = "* * * * * *";
/// Ticks follow the clock of this machine, which may be set back, and then there is none for as long.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const PAUSE_AFTER_A_FAILURE: Duration = Duration::from_secs(1);
/// While others claim all that is due.
const PAUSE_OF_THE_IDLE: Duration = Duration::from_millis(50);

/// What the scheduler works with.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub catalog: Arc<dyn Catalog>,
    pub runner: Arc<dyn Runner>,
    pub defaults: Defaults,
    pub authentication: Option<Arc<Authentication>>,
    pub policy: Policy,
    /// Who owns what is fired.
    pub replica: Replica,
    pub launch: Launch,
    pub metrics: ScheduleMetrics,
}

/// Who launches what was fired.
pub enum Launch {
    /// This process: its tracker takes it up at once.
    Here(Tracker),
    /// Whoever adopts what belongs to a replica without a lease, which this one never has.
    Elsewhere,
}

/// Fires what is due.
pub struct Scheduler {
    parts: Parts,
    owners: Owners,
    moments: KnownMoments,
    poke: Arc<Notify>,
}

/// What one look came to.
enum Look {
    /// Something fired or was covered: there may be more.
    Done,
    /// Others claim all that is due.
    Elsewhere,
    /// What is due cannot be prepared now; in words why, and until when nothing else is due.
    Stuck(String, Duration),
    /// Nothing is due for so long.
    Idle(Duration),
}

impl Scheduler {
    /// One that works with these.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let owners = Owners::new(
            Arc::clone(&parts.store),
            parts.authentication.clone(),
            parts.policy.clone(),
        );
        Self {
            parts,
            owners,
            moments: KnownMoments::default(),
            poke: Arc::default(),
        }
    }

    /// When it is to be poked.
    #[must_use]
    pub fn tick(&self) -> Tick {
        Tick {
            pattern: EACH_SECOND,
            poke: Arc::clone(&self.poke),
        }
    }

    /// Fires whatever is due, for ever.
    pub async fn run(&self) {
        let mut was_failing = false;
        loop {
            let (pause, trouble) = match self.look().await {
                Ok(Look::Done) => (Duration::ZERO, None),
                Ok(Look::Elsewhere) => (PAUSE_OF_THE_IDLE, None),
                Ok(Look::Idle(pause)) => (pause, None),
                Ok(Look::Stuck(why, pause)) => (pause, Some(why)),
                Err(error) => (PAUSE_AFTER_A_FAILURE, Some(chain(&error))),
            };
            match &trouble {
                Some(error) if was_failing => debug!(error, "schedules do not fire yet"),
                Some(error) => warn!(error, "schedules do not fire"),
                None => {}
            }
            was_failing = trouble.is_some();
            self.wait(pause).await;
        }
    }

    /// Waits so long, or until it is poked.
    async fn wait(&self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.poke.notified() => {}
        }
    }

    /// Fires what is due now, batch by batch.
    async fn look(&self) -> Result<Look, StoreError> {
        let due = self.parts.store.due_schedules(LOOK).await?;
        if due.schedules.is_empty() {
            return Ok(Look::Idle(until_next(&due)));
        }
        let mut preparation = Preparation::new(&self.parts, &self.owners, &self.moments);
        let (mut is_done, mut trouble) = (false, None);
        for batch in self.batches(&due.schedules) {
            let prepared = preparation.prepare(batch, due.is_held).await;
            if prepared.is_empty() {
                continue;
            }
            let batch = self.fire(&prepared).await?;
            is_done |= batch.is_done;
            trouble = batch.trouble.or(trouble);
        }
        Ok(match preparation.trouble().or(trouble) {
            _ if is_done => Look::Done,
            Some(why) => Look::Stuck(why, until_next(&due)),
            None => Look::Elsewhere,
        })
    }

    /// The batches of what is due. Each replica begins with another one, so that they do not claim the same first.
    fn batches<'a>(&self, due: &'a [Schedule]) -> Vec<&'a [Schedule]> {
        let mut batches: Vec<_> = due.chunks(BATCH).collect();
        let place = self
            .parts
            .replica
            .id
            .bytes()
            .map(usize::from)
            .sum::<usize>();
        let count = batches.len();
        batches.rotate_left(place % count.max(1));
        batches
    }

    /// Has what was fired launched.
    fn hand_over(&self, fired: Fired) {
        let metrics = &self.parts.metrics;
        metrics.missed(fired.missed);
        if fired.missed > 0 {
            info!(
                moments = fired.missed,
                "moments of schedules were missed and do not fire"
            );
        }
        let mut somebody_waits = false;
        for fire in fired.firings {
            metrics.fired(fire.lateness);
            debug!(schedule.id = %fire.schedule, execution.id = %fire.execution.id, "a schedule has fired");
            let Launch::Here(tracker) = &self.parts.launch else {
                continue;
            };
            match fire.execution.status() {
                Status::Received => tracker.track(fire.execution),
                Status::Queued => somebody_waits = true,
                _ => {}
            }
        }
        if let Launch::Here(tracker) = &self.parts.launch {
            for replaced in fired.replaced {
                tracker.stop(replaced);
            }
            if somebody_waits {
                tracker.queued();
            }
        }
    }

    /// What was fired may be stored though the store did not say so.
    fn doubt(&self) {
        if let Launch::Here(tracker) = &self.parts.launch {
            tracker.doubt();
        }
    }
}

/// How long nothing is due that is known here, by the clock of the store.
fn until_next(due: &DueSchedules) -> Duration {
    let next = due.next_at.map(|at| at.duration_since(due.now));
    let next = next.and_then(|pause| Duration::try_from(pause).ok());
    next.map_or(LONGEST_PAUSE, |pause| pause.min(LONGEST_PAUSE))
}
