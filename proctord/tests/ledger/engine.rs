//! One engine: looks what is due, prepares it and has it fired, over and over; now and then it is cut off in the middle,
//! stands still there and goes on later, or fires what it has prepared long ago.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use jiff::SignedDuration;
use proctor_api::Metadata;
use proctord::domain::args::Args;
use proctord::domain::execution::{Defaults, Execution, Plan, RunnerKind};
use proctord::domain::lifecycle::Event;
use proctord::domain::name::ExecutionName;
use proctord::domain::schedule::{RUN_AS, Schedule};
use proctord::store::{Aim, Change, Fired, NewExecution, Prepared, Store, StoreError};
use rand::RngExt;
use rand::rngs::StdRng;

use crate::nap::Nap;

const LOOK: NonZeroU32 = NonZeroU32::new(500).unwrap();

/// What all engines share.
#[derive(Default)]
pub struct Signs {
    /// Nobody is there.
    pub is_down: AtomicBool,
    /// The run is over once nothing is due any more, and nobody is cut off from now on.
    pub is_over: AtomicBool,
    pub cut_off: AtomicU64,
    pub stale: AtomicU64,
    /// How often one woke up in time to fire what it had claimed,
    pub woken_in_time: AtomicU64,
    /// and how often its claim was gone.
    pub overtaken: AtomicU64,
}

pub struct Engine<'a> {
    pub number: usize,
    pub store: &'a dyn Store,
    /// The same, which does not wait long for one who stands still.
    pub impatient: &'a dyn Store,
    pub signs: &'a Signs,
    pub rng: StdRng,
    /// What it prepared before it stood still.
    pub kept: Vec<Prepared>,
}

impl Engine<'_> {
    /// Fires until the run is over.
    pub async fn run(mut self) {
        loop {
            let is_over = self.signs.is_over.load(Ordering::SeqCst);
            if self.signs.is_down.load(Ordering::SeqCst) {
                tokio::task::yield_now().await;
                continue;
            }
            let patience = match is_over {
                true => Duration::from_secs(60),
                false => self.patience(),
            };
            match tokio::time::timeout(patience, self.look(is_over)).await {
                Ok(Ok(0)) if is_over => return,
                Ok(Ok(_)) => {}
                Ok(Err(error)) => panic!("engine {}: {error}", self.number),
                Err(_) => drop(self.signs.cut_off.fetch_add(1, Ordering::SeqCst)),
            }
        }
    }

    /// How long it lives from now on.
    fn patience(&mut self) -> Duration {
        match self.rng.random_range(0..4) {
            0 => Duration::from_micros(self.rng.random_range(100..30_000)),
            _ => Duration::from_secs(60),
        }
    }

    /// How many were due.
    async fn look(&mut self, is_over: bool) -> Result<usize, StoreError> {
        if !self.kept.is_empty() && (is_over || self.rng.random_bool(0.2)) {
            let kept = std::mem::take(&mut self.kept);
            self.signs.stale.fetch_add(1, Ordering::SeqCst);
            self.store.fire(&kept).await?;
        }
        let due = self.store.due_schedules(LOOK).await?;
        let prepared: Vec<_> = due.schedules.iter().map(|it| self.prepare(it)).collect();
        if !is_over && !prepared.is_empty() && self.rng.random_bool(0.05) {
            self.kept.clone_from(&prepared);
        }
        if prepared.is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
            return Ok(0);
        }
        let fired = match !is_over && self.rng.random_bool(0.04) {
            true => self.fire_with_a_nap(&prepared).await?,
            false => self.store.fire(&prepared).await?,
        };
        for fire in fired.firings {
            if self.rng.random_bool(0.5) {
                self.end(&fire.execution).await?;
            }
        }
        Ok(prepared.len())
    }

    /// Stands still somewhere between the beginning and what comes after the commit.
    async fn fire_with_a_nap(&mut self, prepared: &[Prepared]) -> Result<Fired, StoreError> {
        let nap = Nap::of(&mut self.rng);
        let (fired, stood_still) = nap.during(self.impatient.fire(prepared)).await;
        match &fired {
            Ok(fired) if stood_still && fired.schedules > 0 => {
                self.signs.woken_in_time.fetch_add(1, Ordering::SeqCst);
            }
            // A large batch may take longer than that by itself.
            Err(StoreError::Unavailable { .. }) => {
                let overtaken = u64::from(stood_still);
                self.signs.overtaken.fetch_add(overtaken, Ordering::SeqCst);
                return Ok(Fired::default());
            }
            _ => {}
        }
        fired
    }

    fn prepare(&self, schedule: &Schedule) -> Prepared {
        let plan = Plan::of(&Metadata::default(), Args::new(), Defaults::default());
        let new = NewExecution {
            name: ExecutionName::generate(),
            proc_name: schedule.definition.proc_name.clone(),
            user: RUN_AS.into(),
            plan,
            runner: RunnerKind::Kubernetes,
            host: None,
            callback_url: None,
            start_within: SignedDuration::from_mins(10),
            refusal: None,
            owner: format!("engine-{}", self.number),
        };
        Prepared {
            id: schedule.id,
            version: schedule.version,
            covered_until: schedule.covered_until,
            moments: schedule.definition.moments().unwrap(),
            aim: Aim::Run(Box::new(new)),
        }
    }

    async fn end(&self, execution: &Execution) -> Result<(), StoreError> {
        let change = Change {
            id: execution.id,
            fence: execution.fence,
            event: Event::FailCreation {
                reason: "the test has no runner".into(),
            },
            handle: None,
            sealed_secrets: None,
        };
        self.store.transition(change).await.map(drop)
    }
}
