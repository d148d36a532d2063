//! What a store answers that was given a late outcome and has not kept it.

use super::StoreError;
use crate::domain::execution::{Execution, Fence};
use crate::domain::id::ExecutionId;
use crate::domain::lifecycle::{Forbidden, State};

/// The execution with the late outcome that stands, or why it has none.
pub(super) fn as_it_stands(
    found: Option<Execution>,
    id: ExecutionId,
    fence: Fence,
) -> Result<Execution, StoreError> {
    let execution = found.ok_or(StoreError::NotFound(id))?;
    if execution.fence != fence {
        return Err(StoreError::FenceLost(id));
    }
    match execution.state {
        State::Lost(_) => Ok(execution),
        other => Err(StoreError::Forbidden(Forbidden {
            from: other.status(),
            event: "end late",
        })),
    }
}
