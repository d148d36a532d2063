//! The exit codes of `proctor`: a public table that scripts rely on. Nothing else chooses a number.

use std::process::ExitCode;

use proctor_api::{LogEnd, Status};

/// How `proctor` ends, as a number for the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(pub u8);

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// Everything went well.
pub const SUCCESS: Exit = Exit(0);
/// A command other than `execute`, `rerun`, `logs` and `schedule run` failed.
pub const FAILURE: Exit = Exit(1);
/// What was typed cannot be understood or lacks a required arg; nothing was sent.
pub const USAGE: Exit = Exit(2);
/// The proc was ended by its deadline.
pub const TIMED_OUT: Exit = Exit(124);
/// Proctor itself failed: network, refusal, lost execution.
pub const PROCTOR_FAILED: Exit = Exit(125);
/// The proc could not be started.
pub const CANNOT_START: Exit = Exit(126);
/// Ctrl-C.
pub const INTERRUPTED: Exit = Exit(130);
/// Whoever read stdout has gone away, as a shell tells a process ended by SIGPIPE.
pub const BROKEN_PIPE: Exit = Exit(141);
/// The proc was stopped and said nothing else about its end.
pub const STOPPED: Exit = Exit(143);

/// The table as `proctor execute --help` shows it.
pub const TABLE: &str = "\
Exit codes of execute, rerun, logs and schedule run:
  0        the proc succeeded (with --detach: its execution was accepted), or is FINISHED
  1..255   the proc's own exit code, if it failed with one
  128+n    the proc was ended by signal n
  2        what was typed cannot be understood or lacks a required arg; nothing was sent
  124      the proc was ended by its deadline
  125      proctor itself failed: network, credentials, requirement not met, lost
  126      the proc could not be started
  130      Ctrl-C; the execution goes on
  141      whoever read the output went away
  143      the proc was stopped and ended without a code or signal of its own
A proc may itself end with one of these; `proctor status ID` tells them apart.
Other commands exit with 0, or with 1 on any failure, 2 as above.";

/// The exit code for an execution that has ended.
#[must_use]
pub fn of_end(end: &LogEnd) -> Exit {
    match end.status {
        Status::Succeeded => SUCCESS,
        Status::Failed => own_code(end).unwrap_or_else(|| {
            if cannot_start(end) {
                CANNOT_START
            } else {
                PROCTOR_FAILED
            }
        }),
        Status::Stopped => own_code(end).unwrap_or(STOPPED),
        Status::TimedOut => TIMED_OUT,
        // Version 2 knew no more than that the log had ended, and its client ended with 0.
        Status::Finished => SUCCESS,
        Status::CreationFailed | Status::JobCreationFailed | Status::PodCreationFailed => {
            CANNOT_START
        }
        // These are ends only where version 2 left it at them.
        Status::PodFailed
        | Status::FetchPodLogFailed
        | Status::JobReady
        | Status::PodReady
        | Status::Lost
        | Status::RequirementNotMet
        | Status::Received
        | Status::Queued
        | Status::Created
        | Status::Running => PROCTOR_FAILED,
    }
}

/// The proc's own nonzero code or its signal, as a shell would tell it.
fn own_code(end: &LogEnd) -> Option<Exit> {
    let signalled = || end.signal.map(|signal| signal.saturating_add(128));
    let code = end.exit_code.filter(|code| *code != 0).or_else(signalled)?;
    // A code that does not fit (from a host with wider ones) must not turn into a success.
    Some(Exit(u8::try_from(code).unwrap_or(u8::MAX)))
}

fn cannot_start(end: &LogEnd) -> bool {
    end.exit_code.is_none()
        && end
            .reason
            .as_deref()
            .is_some_and(|reason| reason.starts_with("cannot start"))
}

#[cfg(test)]
mod tests {
    use proctor_api::{LogEnd, Status};

    use super::of_end;

    fn code(status: Status, exit_code: Option<i32>, signal: Option<i32>, reason: &str) -> u8 {
        of_end(&LogEnd {
            status,
            exit_code,
            signal,
            reason: Some(reason.to_owned()),
            bytes: 0,
            log_complete: true,
        })
        .0
    }

    #[test]
    fn a_proc_that_exits_passes_its_own_code_on() {
        assert_eq!(code(Status::Succeeded, Some(0), None, ""), 0);
        assert_eq!(code(Status::Failed, Some(3), None, ""), 3);
        assert_eq!(code(Status::Failed, Some(255), None, ""), 255);
    }

    #[test]
    fn a_signal_is_told_as_a_shell_tells_it() {
        assert_eq!(code(Status::Failed, None, Some(9), "out of memory"), 137);
        assert_eq!(code(Status::Stopped, None, Some(15), ""), 143);
    }

    #[test]
    fn a_stopped_proc_has_its_own_code_or_143() {
        assert_eq!(code(Status::Stopped, Some(7), None, ""), 7);
        assert_eq!(code(Status::Stopped, Some(0), None, ""), 143);
        assert_eq!(code(Status::Stopped, None, None, ""), 143);
    }

    #[test]
    fn what_proctor_did_wrong_is_never_taken_for_the_procs_code() {
        assert_eq!(code(Status::Lost, None, None, ""), 125);
        assert_eq!(code(Status::RequirementNotMet, None, None, ""), 125);
        assert_eq!(code(Status::Failed, None, None, "node lost: n1"), 125);
        assert_eq!(code(Status::Failed, Some(0), None, ""), 125);
        assert_eq!(code(Status::TimedOut, Some(143), None, ""), 124);
    }

    #[test]
    fn an_execution_of_version_2_has_what_is_known_of_its_end() {
        assert_eq!(code(Status::Finished, None, None, ""), 0);
        assert_eq!(code(Status::PodFailed, None, None, ""), 125);
        assert_eq!(code(Status::Created, None, None, ""), 125);
        assert_eq!(code(Status::PodCreationFailed, None, None, ""), 126);
    }

    #[test]
    fn a_proc_that_could_not_be_started_is_126() {
        assert_eq!(code(Status::CreationFailed, None, None, ""), 126);
        assert_eq!(
            code(Status::Failed, None, None, "cannot start: no such file"),
            126
        );
    }

    #[test]
    fn a_code_that_does_not_fit_is_never_a_success() {
        assert_eq!(code(Status::Failed, Some(256), None, ""), 255);
        assert_eq!(code(Status::Failed, Some(-1), None, ""), 255);
    }
}
