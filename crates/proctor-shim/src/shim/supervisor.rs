//! Runs the command: its attempts, its stop, its deadline, and the outcome of it all.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use proctor_shim::failpoint;
use proctor_shim::{Attempt, Cause, Ended, Folder, Outcome, ProcessIdentity, Started};
use rustix::process::{Pid, WaitOptions, waitpid};

use super::attempts::{AttemptEnd, Attempts, retry_delay};
use super::claim::Claim;
use super::command::Command;
use super::exec::{self, Running, Waiting};
use super::output::{Flow, Log};
use super::requests::Requests;
use super::signals::Signals;
use super::waiting::{self, earlier};
use super::{Failure, clock, descendants, failed, process};

/// One job, from the first fork to the outcome.
pub struct Supervisor<'a> {
    folder: &'a Folder,
    command: Command,
    signals: &'a Signals,
    log: Log,
    attempts: Attempts,
    requests: Requests<'a>,
    first: Option<Waiting>,
    started_at_ms: u64,
}

impl<'a> Supervisor<'a> {
    /// Opens what the command's output goes to.
    pub fn new(
        folder: &'a Folder,
        command: Command,
        signals: &'a Signals,
    ) -> Result<Self, Failure> {
        let output = folder.output();
        Ok(Self {
            log: Log::open(&output).map_err(failed("open", &output))?,
            attempts: Attempts::open(folder, command.retries)
                .map_err(failed("open the attempts in", folder.path()))?,
            requests: Requests::new(folder, signals, command.grace),
            folder,
            command,
            signals,
            first: None,
            started_at_ms: 0,
        })
    }

    /// Creates the first child and makes its start durable; it does not run yet.
    pub fn start(&mut self, claim: &mut Claim) -> Result<Started, Failure> {
        let path = self.folder.path();
        let child = exec::fork(&self.command).map_err(failed("fork the command of", path))?;
        let process = identify(&child).map_err(failed("identify the command of", path))?;
        let started = Started {
            process,
            started_at_ms: clock::wall_ms(),
        };
        claim.start(&started)?;
        self.started_at_ms = started.started_at_ms;
        self.requests.start(self.command.deadline);
        self.first = Some(child);
        failpoint::hit("shim.started");
        Ok(started)
    }

    /// Runs the command, again if need be, and returns when nothing of it is left.
    pub fn run(mut self) -> Outcome {
        let mut number = 1;
        let mut child = self
            .first
            .take()
            .ok_or_else(|| "it was not started".to_owned());
        loop {
            let end = match child.and_then(|child| self.attempt(child)) {
                Ok(end) => end,
                Err(message) => {
                    descendants::end_all(self.signals);
                    return self.cannot_start(number, message);
                }
            };
            if end.is_success() || self.requests.cause().is_some() || number > self.command.retries
            {
                return self.outcome(number, &end);
            }
            let delay = retry_delay(self.command.retry_delay, number);
            self.attempts.append(&Attempt {
                attempt: number,
                offset: self.log.written(),
                ended: end.ended,
                next_in_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            });
            if !self.pause(delay) {
                let now = clock::wall_ms();
                return self.outcome(number, &AttemptEnd { at_ms: now, ..end });
            }
            number += 1;
            child = self
                .next_child()
                .map_err(|error| format!("attempt {number}: {error}"));
        }
    }

    /// Creates the child of a later attempt, and notes who it is before it runs.
    fn next_child(&mut self) -> io::Result<Waiting> {
        let child = exec::fork(&self.command)?;
        self.attempts.begin(&identify(&child)?)?;
        Ok(child)
    }

    /// Runs one attempt to its end; an error says why it cannot start.
    fn attempt(&mut self, child: Waiting) -> Result<AttemptEnd, String> {
        let running = child
            .release()
            .map_err(|failure| failure.describe(&self.command))?;
        failpoint::hit("shim.released");
        let Running { pid, output } = running;
        let mut output = Some(output);
        self.follow(pid, &mut output);
        let at_ms = clock::wall_ms();
        // Before it is reaped: until then nobody else can have its number.
        process::kill_group(pid);
        let status = waitpid(Some(pid), WaitOptions::empty());
        descendants::end_all(self.signals);
        if let Some(output) = output {
            self.log.drain(&output);
        }
        match status {
            Ok(Some((_, status))) => Ok(AttemptEnd::new(status, at_ms)),
            _ => Err("the kernel lost the command's exit status".to_owned()),
        }
    }

    /// Copies output and answers requests until the command's first process has ended.
    fn follow(&mut self, pid: Pid, output: &mut Option<OwnedFd>) {
        let mut signalled = true;
        loop {
            if signalled {
                self.signals.collect();
                if process::has_ended(pid) {
                    return;
                }
            }
            let now = Instant::now();
            let step = self.requests.due(now);
            process::apply(step, pid);
            let flow = output.as_ref().map(|pipe| self.log.copy(pipe, now));
            if flow == Some(Flow::Closed) {
                *output = None;
            }
            let source = output.as_ref().filter(|_| flow != Some(Flow::Blocked));
            let until = earlier(self.requests.next_due(), self.log.retry_at());
            [_, signalled] =
                waiting::wait([source.map(AsFd::as_fd), Some(self.signals.as_fd())], until);
        }
    }

    /// Waits before the next attempt; `false` if there is to be none.
    fn pause(&mut self, delay: Duration) -> bool {
        let until = Instant::now() + delay;
        loop {
            let now = Instant::now();
            // There is nobody to signal; only that there is a cause matters.
            self.requests.due(now);
            if self.requests.cause().is_some() {
                return false;
            }
            if now >= until {
                return true;
            }
            waiting::wait(
                [Some(self.signals.as_fd())],
                earlier(Some(until), self.requests.next_due()),
            );
            self.signals.collect();
        }
    }

    fn outcome(&self, attempts: u32, end: &AttemptEnd) -> Outcome {
        let (exit_code, signal) = match end.ended {
            Ended::Exit(code) => (Some(code), None),
            Ended::Signal(number) => (None, Some(number)),
        };
        Outcome {
            cause: self.requests.cause().unwrap_or(Cause::Exited),
            exit_code,
            signal,
            core_dumped: end.core_dumped,
            message: None,
            started_at_ms: self.started_at_ms,
            finished_at_ms: end.at_ms,
            output_bytes: self.log.written(),
            output_lost_bytes: self.log.lost(),
            attempts,
        }
    }

    fn cannot_start(&self, attempts: u32, message: String) -> Outcome {
        Outcome {
            cause: Cause::CannotStart,
            exit_code: None,
            signal: None,
            core_dumped: false,
            message: Some(message),
            started_at_ms: self.started_at_ms,
            finished_at_ms: clock::wall_ms(),
            output_bytes: self.log.written(),
            output_lost_bytes: self.log.lost(),
            attempts,
        }
    }
}

fn identify(child: &Waiting) -> io::Result<ProcessIdentity> {
    ProcessIdentity::of(child.pid.as_raw_nonzero().get())?.ok_or(io::ErrorKind::NotFound.into())
}
