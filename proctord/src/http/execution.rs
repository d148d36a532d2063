//! Routes of executions, one file per action, and what they share: how an id and an execution are found.

mod begin;
mod create;
mod groups;
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

use groups::Groups;

use super::access::Access;
use super::error::ApiError;
use crate::app::App;
use crate::domain::execution::Execution;
use crate::domain::id::{ExecutionId, IdError};
use crate::store::StoreError;

/// The Go system's text for an id that is none.
const NO_ID: &str = "Failed to translate path parameter to uint64";

/// A text that is no id, neither one of ours nor one of the Go system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NoId(IdError);

/// The execution that a client means by this text: the one of that id, or the one that had it in version 2.
async fn look_up(app: &App, text: &str) -> Result<Result<Option<Execution>, NoId>, StoreError> {
    let own = text.parse::<ExecutionId>();
    if let Ok(id) = own
        && let Some(execution) = app.store.execution(id).await?
    {
        return Ok(Ok(Some(execution)));
    }
    // The Go system's ids go further than ours.
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    match (text.parse::<u64>(), own) {
        (Ok(v2_id), _) if is_number => Ok(Ok(app.store.execution_of_v2(v2_id).await?)),
        (_, Err(error)) => Ok(Err(NoId(error))),
        (_, Ok(_)) => Ok(Ok(None)),
    }
}

/// The execution, if there is one and the asker may see it.
async fn find(app: &App, access: &Access, id: &str) -> Result<Execution, ApiError> {
    let found = look_up(app, id).await?;
    let found = found.map_err(|NoId(error)| ApiError::Unreadable {
        detail: format!("the execution id {id:?} {error}"),
        plain: NO_ID,
    })?;
    let execution = found.ok_or_else(|| ApiError::UnknownExecution(id.to_owned()))?;
    check(app, access, &execution).await?;
    Ok(execution)
}

/// Asks the policy about an execution.
async fn check(app: &App, access: &Access, execution: &Execution) -> Result<(), ApiError> {
    let groups = Groups::of_proc(app, access, &execution.proc_name).await?;
    access.check(groups.of(execution)).await
}
