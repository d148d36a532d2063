//! Follows every execution that this replica owns from its acceptance to its end, and adopts those that an
//! earlier life of proctord left. Each has a course of its own; what a course learns is stored before
//! anybody hears of it. The tracker decides nothing about who may do what.

mod comparison;
mod course;
mod doubts;
mod finish;
mod hold;
mod late;
mod launch;
mod lease;
mod lost_host;
mod news;
mod persist;
mod secrets;
mod trouble;

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::{Notify, Semaphore, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::catalog::Catalog;
use crate::domain::execution::{Execution, Fence};
use crate::domain::id::ExecutionId;
use crate::domain::name::ProcName;
use crate::logs::Logs;
use crate::runner::Runner;
use crate::store::{Queues, Replica, Store, StoreError};
use crate::telemetry::chain;
use comparison::Comparison;
use course::Course;
use lease::Lease;
use proctor_api::Status;

/// Enough to keep every core busy, few enough for the usual limit on open files.
const LAUNCHES_AT_A_TIME: usize = 16;

/// What the tracker works with.
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub catalog: Arc<dyn Catalog>,
    pub runner: Arc<dyn Runner>,
    pub logs: Logs,
    pub replica: Replica,
    /// Between TERM and KILL, unless a stop says otherwise.
    pub grace: Duration,
    /// For how long others leave alone what is ours after our last word.
    pub lease: Duration,
    /// For how long a host may be silent before what it runs is told to be lost.
    pub host_patience: Duration,
}

/// A handle on the tracker; cheap to clone.
#[derive(Clone)]
pub struct Tracker {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    courses: Mutex<HashMap<ExecutionId, Signals>>,
    tasks: TaskTracker,
    /// How many launches are under way at a time: each holds descriptors, and all at once could starve.
    launches: Semaphore,
    /// Told when the store may have done more than it said.
    doubts: Notify,
    /// Told when an execution has begun to wait in a queue.
    queued: Notify,
    lease: Lease,
    comparison: Comparison,
    /// Ends all courses where they stand; what they follow goes on.
    shutdown: CancellationToken,
    /// The runtime that lives as long as the service; requests come from others.
    runtime: Handle,
}

/// How others reach a course.
#[derive(Clone)]
struct Signals {
    /// Under which it acts.
    fence: Fence,
    /// The execution as its stop was stored.
    stop: watch::Sender<Option<Execution>>,
    /// Set when the launch has come to something.
    launched: watch::Sender<bool>,
    /// Set while it is held and its course waits for that to end.
    held: watch::Sender<bool>,
    /// Ends the course where it stands: somebody else acts for the execution, or nobody is to.
    abandon: CancellationToken,
}

impl Tracker {
    /// A tracker whose courses run on the current runtime.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner {
                lease: Lease::new(parts.lease),
                comparison: Comparison::default(),
                parts,
                courses: Mutex::default(),
                tasks: TaskTracker::new(),
                launches: Semaphore::new(LAUNCHES_AT_A_TIME),
                doubts: Notify::new(),
                queued: Notify::new(),
                shutdown: CancellationToken::new(),
                runtime: Handle::current(),
            }),
        }
    }

    /// Begins to act for an execution that this replica owns. One that is tracked already goes on as it is, unless it
    /// has been somebody else's meanwhile: a course of before may write nothing any more and must not be in the way.
    pub fn track(&self, execution: Execution) {
        let (id, fence) = (execution.id, execution.fence);
        let signals = Signals {
            fence,
            stop: watch::Sender::new(None),
            launched: watch::Sender::new(false),
            held: watch::Sender::new(false),
            abandon: self.inner.shutdown.child_token(),
        };
        {
            let mut courses = self.courses();
            if let Some(known) = courses.get(&id) {
                if known.fence >= fence {
                    return;
                }
                known.abandon.cancel();
            }
            courses.insert(id, signals.clone());
        }
        let writing = self
            .inner
            .parts
            .logs
            .write_here(&execution, self.hold(&execution));
        let tracker = self.clone();
        let abandon = signals.abandon.clone();
        // Boxed, it takes its room once: what a task is given it keeps beside what it makes of it.
        let course = Box::pin(run_to_the_end(tracker.clone(), execution, signals));
        let course = async move {
            let queued = abandon.run_until_cancelled(course).await.flatten();
            drop(writing);
            tracker.forget(id, fence);
            if let Some(proc_name) = queued {
                tracker.admit(Queues::Of(&proc_name)).await;
            }
        };
        self.inner.tasks.spawn_on(course, &self.inner.runtime);
    }

    /// Whether there is a course for it, with the fence that it has now.
    fn acts_for(&self, execution: &Execution) -> bool {
        let courses = self.courses();
        let known = courses.get(&execution.id);
        known.is_some_and(|known| known.fence >= execution.fence)
    }

    /// Forgets a course that has ended; one that has come in its place stays.
    fn forget(&self, id: ExecutionId, fence: Fence) {
        let mut courses = self.courses();
        if courses.get(&id).is_some_and(|known| known.fence == fence) {
            courses.remove(&id);
        }
    }

    /// Waits until the launch of an execution has come to something, but no longer than `patience`.
    pub async fn launched(&self, id: ExecutionId, patience: Duration) {
        let signal = self
            .courses()
            .get(&id)
            .map(|signals| signals.launched.subscribe());
        if let Some(mut launched) = signal {
            // Running out of patience and the end of the course are as good as the launch here.
            let _ = tokio::time::timeout(patience, launched.wait_for(|launched| *launched)).await;
        }
    }

    /// Acts on what was stored of a stop, which may be that somebody has given the execution up. Whoever owns it acts:
    /// another replica finds that by itself.
    pub fn stop(&self, execution: Execution) {
        let signals = self.courses().get(&execution.id).cloned();
        match signals {
            // The same wish may come by several ways; the course is to hear of it once.
            Some(signals) => {
                signals.stop.send_if_modified(|known| {
                    let is_news = known.as_ref().is_none_or(|known| {
                        let changed = known.stop != execution.stop || execution.is_over();
                        changed && !known.is_over()
                    });
                    if is_news {
                        *known = Some(execution);
                    }
                    is_news
                });
            }
            // A queued execution has no course until it gets a slot; this one ends instead.
            None if execution.owner == self.inner.parts.replica.id => {
                let has_open_end = execution.is_given_up() && execution.log_open;
                if !execution.is_over() || has_open_end {
                    self.track(execution);
                }
            }
            None => {}
        }
    }

    /// Takes over what belongs to this host, and what belongs to none and has been left by whoever acted for it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn adopt(&self) -> Result<usize, StoreError> {
        let parts = &self.inner.parts;
        let adopted = parts.store.adopt_host(&parts.replica).await?;
        let count = adopted.len();
        self.take_up_all(adopted).await;
        if count > 0 {
            info!(
                executions = count,
                "adopted the executions of an earlier start"
            );
        }
        self.take_lease().await?;
        Ok(count + self.adopt_silent().await?)
    }

    /// Begins to act for executions of ours; queued ones wait for their turn, unless they are held: those may run
    /// already.
    async fn take_up_all(&self, executions: Vec<Execution>) {
        let mut somebody_waits = false;
        for execution in executions {
            let waits = execution.status() == Status::Queued
                && execution.stop.is_none()
                && !execution.held
                && !self.is_of_another_host(&execution);
            if waits {
                somebody_waits = true;
            } else {
                self.track(execution);
            }
        }
        if somebody_waits {
            self.admit(Queues::All).await;
        }
    }

    /// Ends all courses where they stand and waits for them. What they follow goes on without us.
    pub async fn shut_down(&self) {
        self.inner.shutdown.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
        self.give_up_lease().await;
    }

    /// How many executions are tracked now.
    #[must_use]
    pub fn live(&self) -> usize {
        self.courses().len()
    }

    /// Says that an execution waits in a queue. Its slot may have been freed just before it could be seen there, by
    /// somebody who found nobody to give it to.
    pub fn queued(&self) {
        self.inner.queued.notify_one();
    }

    /// Gives free slots to those that wait for one, and begins to act for those of ours that got one.
    async fn admit(&self, queues: Queues<'_>) {
        let parts = &self.inner.parts;
        let mut pause = persist::FIRST_PAUSE;
        loop {
            match parts.store.admit_queued(queues, &parts.replica).await {
                Ok(admitted) => {
                    return admitted
                        .into_iter()
                        .for_each(|execution| self.track(execution));
                }
                Err(error) => {
                    if pause == persist::FIRST_PAUSE {
                        warn!(
                            error = chain(&error),
                            "those who wait for a slot wait for the store"
                        );
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(persist::LONGEST_PAUSE);
                }
            }
        }
    }

    fn courses(&self) -> std::sync::MutexGuard<'_, HashMap<ExecutionId, Signals>> {
        self.inner
            .courses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a course, and another one from what is stored should it break: a bug in ours must not lose a run.
async fn run_to_the_end(
    tracker: Tracker,
    mut execution: Execution,
    signals: Signals,
) -> Option<ProcName> {
    let id = execution.id;
    loop {
        let course = Course::new(tracker.clone(), execution.clone(), signals.clone());
        if let Ok(queued) = AssertUnwindSafe(course.run()).catch_unwind().await {
            return queued;
        }
        error!(execution.id = %id, "the course of an execution broke and is taken up again");
        tokio::time::sleep(persist::LONGEST_PAUSE).await;
        match tracker.inner.parts.store.execution(id).await {
            Ok(Some(stored)) if stored.fence == execution.fence => execution = stored,
            Ok(_) => return None,
            Err(error) => {
                warn!(execution.id = %id, error = chain(&error), "goes on from what was known")
            }
        }
    }
}
