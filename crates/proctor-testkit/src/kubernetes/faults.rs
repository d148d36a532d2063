//! What goes wrong: refusals, latency, connections that are cut or hang, streams that break off, hang or end too
//! early. A test says when, one by one, or gives a plan from whose seed it follows.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::refusal::Refusal;

mod plan;
mod streams;

pub use plan::FaultPlan;
pub(crate) use plan::{Course, StreamFaults};
pub(crate) use streams::Streamed;

/// What goes wrong with one request.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    Refuse(Refusal),
    /// The connection is cut and nothing has been done.
    CutBefore,
    /// What was asked is done, and the connection is cut instead of an answer.
    CutAfter,
    /// Nothing is done, and no answer comes for as long as nobody breaks the connection.
    Hang,
}

/// How often connections have been interrupted, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Interruptions {
    cuts: u64,
    log_ends: u64,
    log_hangs: u64,
    watch_hangs: u64,
    /// Whatever hangs is broken off.
    releases: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Faults {
    ordered: Mutex<VecDeque<Fault>>,
    latency: Mutex<Duration>,
    plan: Mutex<Option<plan::Running>>,
    interruptions: watch::Sender<Interruptions>,
}

impl Faults {
    pub(crate) fn of(plan: Option<FaultPlan>) -> Self {
        Self {
            plan: Mutex::new(plan.map(plan::Running::new)),
            ..Self::default()
        }
    }

    /// This goes wrong with the next requests, one after the other.
    pub(crate) fn order(&self, requests: usize, fault: &Fault) {
        let faults = std::iter::repeat_n(fault.clone(), requests);
        locked(&self.ordered).extend(faults);
    }

    /// What is to happen to the request that has just come in.
    pub(crate) fn course(&self, request: &str) -> Course {
        let planned = locked(&self.plan).as_mut().map(|plan| plan.next(request));
        let mut course = planned.unwrap_or_default();
        course.latency += *locked(&self.latency);
        if let Some(ordered) = locked(&self.ordered).pop_front() {
            course.fault = Some(ordered);
        }
        course
    }

    pub(crate) fn set_latency(&self, latency: Duration) {
        *locked(&self.latency) = latency;
    }

    /// From now on nothing goes wrong that is not ordered again; what hangs is broken off.
    pub(crate) fn calm(&self) {
        *locked(&self.plan) = None;
        locked(&self.ordered).clear();
        self.set_latency(Duration::ZERO);
        self.interruptions.send_modify(|told| told.releases += 1);
    }

    /// What the plan has done so far, if there is one.
    pub(crate) fn report(&self) -> Option<String> {
        locked(&self.plan).as_ref().map(plan::Running::report)
    }

    /// Breaks the open streams off in the middle of their answers.
    pub(crate) fn cut(&self) {
        self.interruptions.send_modify(|told| told.cuts += 1);
    }

    /// Ends the open logs as if the containers had ended.
    pub(crate) fn end_logs(&self) {
        self.interruptions.send_modify(|told| told.log_ends += 1);
    }

    /// Lets the open streams of this sort stay open without another word.
    pub(crate) fn hang(&self, what: Streamed) {
        self.interruptions.send_modify(|told| match what {
            Streamed::Log => told.log_hangs += 1,
            Streamed::Watch => told.watch_hangs += 1,
        });
    }

    /// Waits until hanging connections are broken off.
    pub(crate) async fn released(&self) {
        let mut interruptions = self.interruptions.subscribe();
        let Interruptions { cuts, releases, .. } = *interruptions.borrow_and_update();
        // It fails only if there is no double any more.
        let _told = interruptions
            .wait_for(|now| now.cuts != cuts || now.releases != releases)
            .await;
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
