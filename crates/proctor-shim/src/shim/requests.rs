//! Who asks for the end of a job, and what that asks for now: a stop, the deadline, the end of a grace.

use std::io;
use std::time::{Duration, Instant};

use proctor_shim::{Cause, Folder, StopRequest, record};

use super::ending::{Ending, Step};
use super::note::note;
use super::signals::Signals;
use super::waiting::earlier;

/// All reasons to end a job, from its start to its end.
pub struct Requests<'a> {
    folder: &'a Folder,
    signals: &'a Signals,
    ending: Ending,
    grace: Duration,
    deadline: Option<Instant>,
}

impl<'a> Requests<'a> {
    /// `grace` is used where a stop does not bring its own.
    pub fn new(folder: &'a Folder, signals: &'a Signals, grace: Duration) -> Self {
        Self {
            folder,
            signals,
            ending: Ending::default(),
            grace,
            deadline: None,
        }
    }

    /// From now on the time for all attempts runs.
    pub fn start(&mut self, time: Option<Duration>) {
        // A time beyond the clock's end is no limit.
        self.deadline = time.and_then(|time| Instant::now().checked_add(time));
    }

    /// Why the job is being ended, if it is; then no further attempt may run.
    pub fn cause(&self) -> Option<Cause> {
        self.ending.cause()
    }

    /// What is to be done to the command now. The caller has collected the signals.
    pub fn due(&mut self, now: Instant) -> Step {
        let mut step = self.ending.due(now);
        if self.signals.take_stop() {
            let grace = self.requested_grace().unwrap_or(self.grace);
            step = step.max(self.ending.request(Cause::Stopped, grace, now));
        }
        if self.deadline.is_some_and(|at| now >= at) {
            self.deadline = None;
            if self.ending.cause().is_none() {
                step = step.max(self.ending.request(Cause::Deadline, self.grace, now));
            }
        }
        step
    }

    /// When time alone makes [`Requests::due`] say more.
    pub fn next_due(&self) -> Option<Instant> {
        earlier(self.ending.next(), self.deadline)
    }

    /// The grace that the worker wrote down, if it could.
    fn requested_grace(&self) -> Option<Duration> {
        let path = self.folder.stop();
        let read: io::Result<Option<StopRequest>> = record::read(&path);
        match read {
            Ok(request) => request.map(|request| Duration::from_millis(request.grace_ms)),
            Err(error) => {
                note(&format!("failed to read {}: {error}", path.display()));
                None
            }
        }
    }
}
