//! Logs of which nothing was written.

use proctor_api::{LogEnd, LogEvent, LogEventKind};

use super::{LogPosition, LogSlice};
use crate::domain::execution::Execution;
use crate::domain::lifecycle::State;
use crate::store::NumberedEvent;

/// What is read of such a log. An execution that was refused has an end all the same: its row tells it, so that
/// accepting it writes no log.
pub(in crate::store) fn slice(execution: &Execution, from: LogPosition) -> LogSlice {
    let Some(end) = end(execution) else {
        return LogSlice {
            next: from,
            ..LogSlice::default()
        };
    };
    LogSlice {
        gap: None,
        chunks: Vec::new(),
        events: Some(end)
            .filter(|end| end.number >= from.event_number)
            .into_iter()
            .collect(),
        next: LogPosition {
            offset: 0,
            event_number: 1,
        },
    }
}

fn end(execution: &Execution) -> Option<NumberedEvent> {
    let State::RequirementNotMet { reason } = &execution.state else {
        return None;
    };
    let end = LogEnd {
        status: execution.status(),
        exit_code: None,
        signal: None,
        reason: Some(reason.clone()),
        bytes: 0,
        log_complete: true,
    };
    Some(NumberedEvent {
        number: 0,
        event: LogEvent {
            offset: 0,
            kind: LogEventKind::End(end),
        },
    })
}
