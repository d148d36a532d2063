//! Turns what the worker tells of a job into what a runner tells of an execution.

use jiff::Timestamp;
use proctor_worker::{Cause as JobCause, End as JobEnd, Job, Outcome, Stray};
use tokio::sync::mpsc;
use tracing::warn;

use crate::domain::lifecycle::{Cause, End, Ending, Exit};
use crate::runner::RunEvent;
use crate::telemetry::chain;

/// Tells that the job runs and, once it has, that it ended. If the job is lost sight of, the channel closes
/// without an end, and the tracker asks again.
pub(super) fn follow(job: Job, events: mpsc::Sender<RunEvent>, execution: String) {
    let started_at = moment(job.started().started_at_ms);
    tell(&events, RunEvent::Running { started_at });
    #[expect(
        clippy::disallowed_methods,
        reason = "ends with the job or with whoever listens"
    )]
    tokio::spawn(async move {
        let ended = tokio::select! {
            ended = job.wait() => ended,
            () = events.closed() => return,
        };
        match ended {
            Ok(JobEnd::Outcome(outcome)) => tell(&events, end_of(&outcome)),
            Ok(JobEnd::Vanished) => tell(&events, gone()),
            Err(error) => warn!(
                execution.name = execution,
                error = chain(&error),
                "a job is asked for again"
            ),
        }
    });
}

/// Tells that an execution is gone once its shim, whose folder is lost, has ended.
pub(super) fn outlive(stray: Stray, events: mpsc::Sender<RunEvent>) {
    #[expect(
        clippy::disallowed_methods,
        reason = "ends with the shim or with whoever listens"
    )]
    tokio::spawn(async move {
        tokio::select! {
            () = stray.ended() => tell(&events, gone()),
            () = events.closed() => {}
        }
    });
}

/// Hands over an event; a listener that has gone wants none.
pub(super) fn tell(events: &mpsc::Sender<RunEvent>, event: RunEvent) {
    // The channel has room for both events of a run.
    let _ = events.try_send(event);
}

/// The end of a run whose shim wrote it down.
pub(super) fn end_of(outcome: &Outcome) -> RunEvent {
    let (cause, reason) = match outcome.cause {
        JobCause::Exited => (Cause::Exited, reason_of_exit(outcome)),
        JobCause::Stopped => (Cause::Stopped, None),
        JobCause::Deadline => (Cause::Deadline, Some("its deadline was over".to_owned())),
        JobCause::CannotStart => {
            let message = outcome
                .message
                .as_deref()
                .unwrap_or("for an unknown reason");
            (Cause::CannotStart, Some(format!("cannot start: {message}")))
        }
    };
    let exit = outcome
        .exit_code
        .map(Exit::Code)
        .or(outcome.signal.map(Exit::Signal));
    let ending = Ending {
        exit: exit.filter(|_| cause != Cause::CannotStart),
        reason,
        started_at: Some(moment(outcome.started_at_ms)),
        finished_at: moment(outcome.finished_at_ms),
    };
    RunEvent::Ended(End { cause, ending })
}

/// The end of a run of which only that it is gone is known.
pub(super) fn gone() -> RunEvent {
    RunEvent::Ended(End {
        cause: Cause::Gone,
        ending: Ending {
            exit: None,
            reason: Some("the process is gone, and what stood by it left no result".to_owned()),
            started_at: None,
            finished_at: Timestamp::now(),
        },
    })
}

/// In words what the exit does not say by itself.
fn reason_of_exit(outcome: &Outcome) -> Option<String> {
    let failed = outcome.exit_code != Some(0);
    (failed && outcome.attempts > 1).then(|| format!("after {} attempts", outcome.attempts))
}

fn moment(milliseconds: u64) -> Timestamp {
    i64::try_from(milliseconds)
        .ok()
        .and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
