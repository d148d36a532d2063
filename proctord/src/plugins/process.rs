//! The process of a plugin as the service sees it: started, spoken to, ended when it hangs, started again when it has
//! ended, each time a little later. A call that was under way when it ended fails; it is never made twice.

mod pending;
mod running;
mod supervisor;
mod words;

use std::path::Path;
use std::time::Duration;

pub(super) use pending::Call;
pub(super) use supervisor::Supervisor;

use super::{Contents, PluginError};
use running::Running;

/// How long a library may take to be loaded when it is only looked at.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is in a library; nothing of it is made.
pub(super) async fn contents(program: &Path, file: &Path) -> Result<Contents, PluginError> {
    let (mut running, contents) = Running::load(program, file, None, PATIENCE).await?;
    running.end().await;
    Ok(contents)
}
