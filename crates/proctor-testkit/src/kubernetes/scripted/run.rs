//! One Pod on its course. Whatever it does, it does under the lock of the state, when its moment has come.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::course::{Course, End, Output, Step, Termination};
use super::gate::Gate;
use crate::kubernetes::ledger::{Line, OpenLedger};
use crate::kubernetes::log::PodLog;
use crate::kubernetes::pods::{self, Ending, Stage};
use crate::kubernetes::state::{Key, State};
use crate::kubernetes::{deletion, events, eviction};

/// Where it is told what happens, beside the objects.
#[derive(Debug)]
pub(super) struct Outside {
    pub(super) log: Arc<PodLog>,
    pub(super) ledger: Arc<OpenLedger>,
}

#[derive(Debug)]
pub(super) struct Run {
    pub(super) uid: String,
    key: Key,
    outside: Outside,
    /// Its container in the ledger, while it runs.
    line: Option<Line>,
    steps: VecDeque<Step>,
    end: End,
    termination: Termination,
    end_delay: Duration,
    is_running: bool,
    /// What comes next, and when; nothing does if it is asked for nothing any more.
    next: Option<(Timestamp, Beat)>,
}

#[derive(Debug, Clone)]
enum Beat {
    /// The next step, or the end after the last one.
    Step,
    /// The next step, once this gate is open.
    Opened(Gate),
    /// The container ends because it was asked to, or because it did not listen.
    Terminated(Ending),
    /// The Pod is over.
    Over(Ending),
}

impl Run {
    pub(super) fn begin(
        state: &mut State,
        key: &Key,
        uid: &str,
        course: Course,
        outside: Outside,
        end_delay: Duration,
    ) -> Self {
        pods::write(state, key, &Stage::Creating);
        pods::write(state, key, &Stage::Sandboxed);
        Self {
            uid: uid.to_owned(),
            key: key.clone(),
            outside,
            line: None,
            steps: course.steps.into(),
            end: course.end,
            termination: course.termination,
            end_delay,
            is_running: false,
            next: Some((state.time(), Beat::Step)),
        }
    }

    /// Does what is due, and says when to be asked again.
    pub(super) fn go_on(&mut self, state: &mut State, pod: &Value) {
        if !pod["metadata"]["deletionTimestamp"].is_null() {
            let grace = pod["metadata"]["deletionGracePeriodSeconds"].as_u64();
            self.terminate(state, Duration::from_secs(grace.unwrap_or_default()));
        }
        while let Some((moment, beat)) = self.next.take() {
            if moment > state.time() {
                state.agenda.set_timer(&self.key, Some(moment));
                self.next = Some((moment, beat));
                return;
            }
            match beat {
                Beat::Step => self.step(state, moment),
                Beat::Opened(gate) if gate.is_open() => self.step(state, state.time()),
                shut @ Beat::Opened(_) => {
                    self.next = Some((moment, shut));
                    return;
                }
                Beat::Terminated(ending) => {
                    self.outside.log.append(&self.termination.last_words);
                    self.finish(&ending);
                    self.be_over(state, &ending);
                }
                Beat::Over(ending) => self.be_over(state, &ending),
            }
        }
    }

    fn step(&mut self, state: &mut State, moment: Timestamp) {
        let time = match self.steps.pop_front() {
            None => return self.end(state, moment),
            Some(Step::Pull(time)) => time,
            Some(Step::Wait {
                reason,
                message,
                time,
            }) => {
                pods::write(state, &self.key, &Stage::Waiting { reason, message });
                time
            }
            Some(Step::Run(time)) => {
                self.start(state);
                time
            }
            Some(Step::RunUntil(gate)) => {
                self.start(state);
                self.next = Some((moment, Beat::Opened(gate)));
                return;
            }
            Some(Step::Print(output)) => {
                self.start(state);
                self.print(&output);
                Duration::ZERO
            }
        };
        self.next = Some((later(moment, time), Beat::Step));
    }

    fn start(&mut self, state: &mut State) {
        if !std::mem::replace(&mut self.is_running, true) {
            events::tell(state, &self.key, "Normal", "Started", "Container started");
            pods::write(state, &self.key, &Stage::Running);
            let pod = state.get(&self.key);
            self.line = pod.map(|pod| {
                let ledger = &self.outside.ledger;
                ledger.container_started(pod, execution_id(pod))
            });
        }
    }

    fn print(&self, output: &Output) {
        match output {
            Output::Bytes(bytes) => self.outside.log.append(bytes),
            Output::Generated(pieces) => pieces().for_each(|piece| self.outside.log.append(&piece)),
        }
    }

    fn end(&mut self, state: &mut State, moment: Timestamp) {
        let ending = match self.end {
            End::Exit(code) => Ending::exited(code),
            End::OutOfMemory => Ending::out_of_memory(),
            End::Evicted => {
                self.start(state);
                // A refusal means that the Pod is gone already.
                let _evicted = eviction::evict(state, &self.key);
                return;
            }
            End::Never => return,
        };
        self.start(state);
        self.finish(&ending);
        pods::write(state, &self.key, &Stage::Ended(ending.clone()));
        self.is_running = false;
        self.next = Some((later(moment, self.end_delay), Beat::Over(ending)));
    }

    /// Asks it to end, unless it was asked before.
    fn terminate(&mut self, state: &mut State, grace: Duration) {
        let killed = (grace, Ending::exited(137));
        let (time, ending) = match (&self.next, self.termination.after) {
            (Some((_, Beat::Terminated(_))), _) if grace.is_zero() => killed,
            (Some((_, Beat::Terminated(_))), _) => return,
            (Some((_, Beat::Over(ending))), _) => {
                self.next = Some((state.time(), Beat::Over(ending.clone())));
                return;
            }
            _ if !self.is_running => {
                self.next = None;
                self.leave();
                deletion::end_pod(state, &self.key, Some(0));
                return;
            }
            (_, Some(after)) if after <= grace => {
                (after, Ending::exited(self.termination.exit_code))
            }
            _ => killed,
        };
        self.next = Some((later(state.time(), time), Beat::Terminated(ending)));
    }

    fn be_over(&mut self, state: &mut State, ending: &Ending) {
        self.is_running = false;
        pods::write(state, &self.key, &Stage::Over(ending.clone()));
        let pod = state.get(&self.key);
        if pod.is_some_and(|pod| !pod["metadata"]["deletionTimestamp"].is_null()) {
            deletion::end_pod(state, &self.key, Some(0));
        }
    }

    /// The Pod is gone, and whatever ran with it.
    pub(super) fn leave(&mut self) {
        self.finish(&Ending::exited(137));
    }

    fn finish(&mut self, ending: &Ending) {
        self.outside.log.flush();
        self.outside.log.finish();
        if let Some(line) = self.line.take() {
            self.outside.ledger.container_ended(line, ending.exit_code);
        }
    }
}

fn execution_id(pod: &Value) -> Option<&str> {
    let environment = pod["spec"]["containers"][0]["env"].as_array();
    let mut environment = environment.into_iter().flatten();
    environment.find(|one| one["name"] == "EXECUTION_ID")?["value"].as_str()
}

fn later(moment: Timestamp, time: Duration) -> Timestamp {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    moment.saturating_add(time).unwrap_or(Timestamp::MAX)
}
