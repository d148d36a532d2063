//! Routes of executions, one file per action, and what they share: how an id and an execution are found.

mod begin;
mod create;
mod list;
mod logs;
mod read_log;
mod rerun;
mod show;
mod status;
mod stop;

pub(super) use create::create;
pub(super) use list::list;
pub(super) use logs::logs;
pub(super) use read_log::read_log;
pub(super) use rerun::rerun;
pub(super) use show::show;
pub(super) use status::status;
pub(super) use stop::stop;

use super::access::Access;
use super::error::ApiError;
use crate::app::App;
use crate::domain::execution::Execution;
use crate::domain::id::ExecutionId;

/// The Go system's text for an id that is none.
const NO_ID: &str = "Failed to translate path parameter to uint64";

fn parse_id(text: &str) -> Result<ExecutionId, ApiError> {
    text.parse().map_err(|error| {
        // The Go system's ids go further than ours; a number that it would take is unknown, not wrong.
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && text.parse::<u64>().is_ok() {
            return ApiError::UnknownExecution(text.to_owned());
        }
        ApiError::Unreadable {
            detail: format!("the execution id {text:?} {error}"),
            plain: NO_ID,
        }
    })
}

/// The execution, if there is one and the asker may see it.
async fn find(app: &App, access: &Access, id: &str) -> Result<Execution, ApiError> {
    let id = parse_id(id)?;
    let execution = app.store.execution(id).await?;
    let execution = execution.ok_or_else(|| ApiError::UnknownExecution(id.to_string()))?;
    access.check(&execution.plan.groups)?;
    Ok(execution)
}
