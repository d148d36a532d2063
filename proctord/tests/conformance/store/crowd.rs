//! Replicas that accept, end and stop executions of several procs all at once, each as the tracker does: it acts for
//! what it has accepted or was given, and gives on what it frees. Nobody looks at the queues from time to time.

use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use proctor_api::Status;
use proctor_testkit::wait_for_async;
use proctord::domain::execution::{Execution, Step};
use proctord::domain::id::ExecutionId;
use proctord::domain::lifecycle::Event;
use proctord::store::{NewExecution, Queues, Replica, Store, StoreError};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::sample::{accept, change, entry, limited, moment, new_execution, run, stop, success};
use super::subject::Subject;

const REPLICAS: usize = 3;
const EACH: usize = 40;
const OF_ALL: u32 = 4;
/// The procs, and how many of each may run at once.
const PROCS: [(&str, Option<u32>); 4] = [
    ("one", Some(1)),
    ("two", Some(2)),
    ("many", Some(9)),
    ("free", None),
];

/// One replica.
#[derive(Clone)]
struct Member {
    store: Arc<dyn Store>,
    me: Replica,
    acts_for: Arc<Mutex<HashSet<ExecutionId>>>,
    accepted: Arc<Mutex<Vec<ExecutionId>>>,
    troubles: Arc<Mutex<Vec<String>>>,
    tasks: TaskTracker,
}

impl Member {
    fn new_execution(&self, number: usize) -> NewExecution {
        let (name, limit) = PROCS[number % PROCS.len()];
        let new = match limit {
            Some(limit) => limited(name, limit),
            None => new_execution(name),
        };
        NewExecution {
            host: None,
            owner: self.me.id.clone(),
            ..new
        }
    }

    /// Accepts one, as a submission does; of some it thinks better.
    async fn submit(self, number: usize) {
        let execution = accept(&*self.store, self.new_execution(number)).await;
        self.accepted.lock().unwrap().push(execution.id);
        if execution.status() == Status::Received {
            self.track(execution.clone());
        } else {
            self.admit(Queues::All).await;
        }
        if number % 7 == 3 {
            let wish = self
                .store
                .request_stop(execution.id, stop(None), entry("execution.stop"));
            match wish.await {
                Ok(wished) if wished.owner == self.me.id && !wished.is_over() => self.track(wished),
                Ok(_) => {}
                Err(error) => self.is_in_trouble(&error),
            }
        }
    }

    fn track(&self, execution: Execution) {
        if self.acts_for.lock().unwrap().insert(execution.id) {
            let member = self.clone();
            self.tasks.spawn(async move {
                let id = execution.id;
                if let Err(error) = member.course(execution).await {
                    member.is_in_trouble(&error);
                }
                member.acts_for.lock().unwrap().remove(&id);
            });
        }
    }

    fn is_in_trouble(&self, error: &StoreError) {
        self.troubles.lock().unwrap().push(format!("{error:?}"));
    }

    /// Carries an execution to its end and gives its slot on.
    async fn course(&self, mut execution: Execution) -> Result<(), StoreError> {
        while !execution.is_over() {
            let event = match execution.status() {
                _ if execution.stop.is_some() && execution.state.started_at().is_none() => {
                    let at = moment("2026-11-20T12:00:00Z");
                    Event::Withdraw { at }
                }
                Status::Received | Status::Queued => Event::Create,
                Status::Created => run(),
                _ => success(),
            };
            execution = match change(&*self.store, &execution, event).await {
                Ok(changed) => changed,
                Err(StoreError::FenceLost(_)) => return Ok(()),
                Err(StoreError::Forbidden(_)) => self.store.execution(execution.id).await?.unwrap(),
                Err(error) => return Err(error),
            };
        }
        self.admit(Queues::Of(&execution.proc_name)).await;
        Ok(())
    }

    async fn admit(&self, queues: Queues<'_>) {
        match self.store.admit_queued(queues, &self.me).await {
            Ok(admitted) => admitted
                .into_iter()
                .for_each(|execution| self.track(execution)),
            Err(error) => self.is_in_trouble(&error),
        }
    }

    /// Those that it is to stop, wherever that was wished.
    async fn look_for_stops(self, rest: CancellationToken) {
        let mut looks = tokio::time::interval(Duration::from_millis(20));
        while !rest.is_cancelled() {
            looks.tick().await;
            match self.store.stops_of(&self.me.id).await {
                Ok(stops) => stops
                    .into_iter()
                    .for_each(|execution| self.track(execution)),
                Err(error) => self.is_in_trouble(&error),
            }
        }
    }
}

async fn members(subject: &impl Subject) -> Vec<Member> {
    let stores = subject.replicas(REPLICAS, NonZeroU32::new(OF_ALL)).await;
    let (accepted, troubles) = (Arc::default(), Arc::default());
    let member = |(number, store)| Member {
        store,
        me: Replica {
            id: format!("replica-{number}"),
            host: format!("host-{number}"),
        },
        acts_for: Arc::default(),
        accepted: Arc::clone(&accepted),
        troubles: Arc::clone(&troubles),
        tasks: TaskTracker::new(),
    };
    stores.into_iter().enumerate().map(member).collect()
}

pub async fn whatever_ends_and_begins_at_once_limits_and_order_hold_and_nobody_is_forgotten(
    subject: impl Subject,
) {
    let members = members(&subject).await;
    let rest = CancellationToken::new();
    for member in &members {
        let stops = member.clone().look_for_stops(rest.clone());
        member.tasks.spawn(stops);
        for number in 0..EACH {
            member.tasks.spawn(member.clone().submit(number));
        }
    }

    let lives = wait_for_async("all to be over", async || {
        slots_hold(&subject.slots().await);
        let lives = lives(&members[0]).await;
        let live = lives.iter().filter(|life| !life.execution.is_over());
        let live: Vec<_> = live
            .map(|life| (life.execution.status(), life.execution.stop.is_some()))
            .collect();
        if live.is_empty() && lives.len() == REPLICAS * EACH {
            Ok(lives)
        } else {
            Err((
                lives.len(),
                live,
                members[0].troubles.lock().unwrap().clone(),
            ))
        }
    })
    .await;
    rest.cancel();
    for member in &members {
        member.tasks.close();
        member.tasks.wait().await;
    }

    assert_eq!(*members[0].troubles.lock().unwrap(), Vec::<String>::new());
    assert_eq!(subject.slots().await, BTreeMap::new());
    histories_hold(&lives);
}

/// An execution and all its steps.
struct Life {
    execution: Execution,
    steps: Vec<Step>,
}

async fn lives(member: &Member) -> Vec<Life> {
    let ids = member.accepted.lock().unwrap().clone();
    let mut lives = Vec::new();
    for id in ids {
        lives.push(Life {
            execution: member.store.execution(id).await.unwrap().unwrap(),
            steps: member.store.steps(id).await.unwrap(),
        });
    }
    lives
}

impl Life {
    /// From when to when it held a slot, as far as its steps tell: given out of the queue it had it before.
    fn held(&self) -> Option<(Timestamp, Timestamp)> {
        let holds = |step: &&Step| matches!(step.status, Status::Received | Status::Created);
        let from = self.steps.iter().find(holds)?.at;
        Some((from, self.steps.last().unwrap().at))
    }
}

fn slots_hold(slots: &BTreeMap<String, i64>) {
    assert!(
        slots.values().sum::<i64>() <= i64::from(OF_ALL),
        "{slots:?}"
    );
    for (name, limit) in PROCS {
        let taken = slots.get(name).copied().unwrap_or(0);
        assert!(taken <= i64::from(limit.unwrap_or(OF_ALL)), "{slots:?}");
    }
}

/// At no moment of what is stored more held a slot than might, and who might only one by one did so in order.
fn histories_hold(lives: &[Life]) {
    for (name, limit) in PROCS.into_iter().chain([("", Some(OF_ALL))]) {
        let of_proc = lives
            .iter()
            .filter(|life| name.is_empty() || life.execution.proc_name.as_str() == name);
        let held: Vec<_> = of_proc.filter_map(Life::held).collect();
        for (from, _) in &held {
            let at_once = held
                .iter()
                .filter(|(begun, ended)| begun <= from && from < ended);
            assert!(
                at_once.count() <= limit.unwrap_or(OF_ALL) as usize,
                "of {name:?} too many at {from}"
            );
        }
    }
    let mut one_by_one: Vec<_> = lives
        .iter()
        .filter(|life| life.execution.proc_name.as_str() == "one" && life.execution.stop.is_none())
        .collect();
    one_by_one.sort_by_key(|life| (life.execution.created_at, life.execution.id));
    assert!(one_by_one.is_sorted_by_key(|life| life.held()));
}
