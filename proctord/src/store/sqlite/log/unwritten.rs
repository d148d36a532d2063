//! Logs of which nothing was written.

use proctor_api::{LogEnd, LogEvent, LogEventKind};

use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::State;
use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::row;
use crate::store::{LogPosition, LogSlice, NumberedEvent, StoreError};

/// What is read of such a log. An execution that was refused has an end all the same: its row tells it, so that
/// accepting it needs one file only.
pub(super) async fn slice(
    store: &SqliteStore,
    id: ExecutionId,
    from: LogPosition,
) -> Result<LogSlice, StoreError> {
    let execution = row::find(store.records.readers(), id)
        .await?
        .ok_or(StoreError::NotFound(id))?;
    let Some(end) = end(&execution) else {
        return Ok(LogSlice {
            next: from,
            ..LogSlice::default()
        });
    };
    Ok(LogSlice {
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
    })
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
