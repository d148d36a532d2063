//! How an execution ended, in one line.

use proctor_api::{Execution, LogEnd, Status};

use crate::escape::visible;

/// The line that ends a followed log.
#[must_use]
pub fn line(end: &LogEnd) -> String {
    let reason = end.reason.as_deref().filter(|reason| !reason.is_empty());
    let told = |how: String| match reason {
        Some(reason) => format!("Execution {how} ({})", visible(reason)),
        None => format!("Execution {how}"),
    };
    match (end.status, end.exit_code, end.signal) {
        (Status::Succeeded, ..) => "Execution completed.".to_owned(),
        (Status::Failed, Some(code), _) => told(format!("failed: exit code {code}")),
        (Status::Failed, None, Some(signal)) => told(format!("failed: signal {signal}")),
        (Status::Failed, None, None) => plain("failed", reason),
        (Status::Stopped, ..) => stopped(reason),
        (Status::TimedOut, ..) => told("timed out".to_owned()),
        (Status::Lost, ..) => plain("lost", reason),
        (Status::CreationFailed, ..) => plain("could not be started", reason),
        (Status::RequirementNotMet, ..) => plain("refused", reason),
        (Status::Finished, ..) => told("finished in version 2, which kept no outcome".to_owned()),
        (Status::PodFailed, ..) => told("failed in version 2: its pod failed".to_owned()),
        (status, ..) => told(format!("is {status}, the last that version 2 knew of it")),
    }
}

/// An execution that has ended, as the end of its log tells it; `None` while it lives.
#[must_use]
pub fn end_of(execution: &Execution) -> Option<LogEnd> {
    execution.is_over().then(|| LogEnd {
        status: execution.status,
        exit_code: execution.exit_code,
        signal: execution.signal,
        reason: execution.reason.clone(),
        bytes: 0,
        log_complete: true,
    })
}

fn plain(how: &str, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("Execution {how}: {}", visible(reason)),
        None => format!("Execution {how}"),
    }
}

/// The service's reason is `stopped by WHO`; it is not said twice.
fn stopped(reason: Option<&str>) -> String {
    match reason {
        Some(reason) if reason.starts_with("stopped") => format!("Execution {}", visible(reason)),
        reason => plain("stopped", reason),
    }
}

#[cfg(test)]
mod tests {
    use proctor_api::{LogEnd, Status};

    use super::line;

    fn told(status: Status, exit_code: Option<i32>, signal: Option<i32>, reason: &str) -> String {
        line(&LogEnd {
            status,
            exit_code,
            signal,
            reason: Some(reason.to_owned()),
            bytes: 0,
            log_complete: true,
        })
    }

    #[test]
    fn each_end_has_its_line() {
        assert_eq!(
            told(Status::Succeeded, Some(0), None, ""),
            "Execution completed."
        );
        assert_eq!(
            told(Status::Failed, Some(3), None, ""),
            "Execution failed: exit code 3"
        );
        assert_eq!(
            told(Status::Failed, None, Some(9), "out of memory: limit 32Mi"),
            "Execution failed: signal 9 (out of memory: limit 32Mi)"
        );
        assert_eq!(
            told(Status::Failed, None, None, "cannot start: no such file"),
            "Execution failed: cannot start: no such file"
        );
        assert_eq!(
            told(
                Status::Stopped,
                None,
                Some(15),
                "stopped by ops@example.org"
            ),
            "Execution stopped by ops@example.org"
        );
        assert_eq!(
            told(Status::TimedOut, None, Some(9), "deadline of 5 s"),
            "Execution timed out (deadline of 5 s)"
        );
        assert_eq!(
            told(Status::Finished, None, None, ""),
            "Execution finished in version 2, which kept no outcome"
        );
        assert_eq!(
            told(Status::Created, None, None, ""),
            "Execution is CREATED, the last that version 2 knew of it"
        );
    }
}
