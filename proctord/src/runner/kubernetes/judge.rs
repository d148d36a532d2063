//! What is to be made of an execution that has been seen on the cluster: whether it is over and how, and if not,
//! what it waits for. Pure: everything that it needs is given to it, the time included, and the same again gives the
//! same verdict. It asks nobody and changes nothing; `follow` acts on what it says.

mod ended;
mod exit;
mod view;
mod waiting;

use jiff::{SignedDuration, Timestamp};

use super::handle;
use super::seen::{Seen, Sight};
use crate::domain::execution::Execution;
use crate::domain::lifecycle::End;
pub use waiting::{Waiting, refused_pod};

use ended::Outcome;
use view::View;

/// On a Job that Proctor stops: who wished it, and when.
pub const STOPPED_ANNOTATION: &str = "proctor.dev/stopped";

/// On a Job that Proctor gave up since it never started: why.
pub const GIVEN_UP_ANNOTATION: &str = "proctor.dev/given-up";

/// On a Job: the uids of the Pods that a stop has found alive. They go, and whoever did not see them in time would take
/// the log for whole without what they wrote, and the outcome of an earlier attempt for that of the last one.
pub const ENDED_PODS_ANNOTATION: &str = "proctor.dev/ended-pods";

/// What was stored of an execution, as far as a verdict needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The uid of its Job, if it has been stored.
    pub uid: Option<String>,
    pub image: String,
    /// As Kubernetes writes quantities.
    pub memory_limit: Option<String>,
}

/// What is to be made of what has been seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The watches do not tell what happens, and what they have shown does not say that it is over: nothing can be
    /// said of it.
    Blind {
        waiting: Option<Waiting>,
        /// When there is more to say although nothing else is seen.
        again_at: Option<Timestamp>,
    },
    Live(Live),
    Ended(End),
}

/// An execution that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// When its first attempt began to run, if one did.
    pub started_at: Option<Timestamp>,
    pub waiting: Option<Waiting>,
    /// When the verdict may be another one although nothing else is seen.
    pub again_at: Option<Timestamp>,
}

/// The verdict at this moment.
#[must_use]
pub fn judge(expected: &Expected, seen: &Seen, now: Timestamp) -> Verdict {
    if seen.sight == Sight::Listing {
        return blind(seen, now);
    }
    let view = View::of(expected, seen, now);
    match ended::outcome(&view) {
        Outcome::Over(end) => Verdict::Ended(end),
        Outcome::Open { .. } if seen.sight != Sight::Current => blind(seen, now),
        Outcome::Open { again_at } => {
            let (waiting, sooner) = waiting::waiting(&view);
            let started_at = view.started_at();
            let again_at = again_at.into_iter().chain(sooner).min();
            Verdict::Live(Live {
                started_at,
                waiting,
                again_at,
            })
        }
    }
}

fn blind(seen: &Seen, now: Timestamp) -> Verdict {
    let (waiting, again_at) = waiting::blind(seen.sight, now);
    Verdict::Blind { waiting, again_at }
}

impl Expected {
    /// What is expected of this execution.
    #[must_use]
    pub fn of(execution: &Execution) -> Self {
        let resources = execution.plan.resources.as_ref();
        Self {
            uid: handle::uid(execution).map(ToOwned::to_owned),
            image: execution.plan.image.clone(),
            memory_limit: resources.and_then(|resources| resources.memory.clone()),
        }
    }
}

/// A moment that many seconds later; the last one there is, if there is none.
fn later(moment: Timestamp, seconds: i64) -> Timestamp {
    moment
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
