//! The process of a plugin as the service sees it: started, spoken to, ended when it hangs, started again when it has
//! ended, each time a little later. A call that was under way when it ended fails; it is never made twice.

mod running;
mod supervisor;

use std::path::Path;

use proctor_plugin::Manifest;

pub(super) use supervisor::{Call, Supervisor};

use super::PluginError;
use running::Running;

/// What a library says of itself.
pub(super) async fn manifest(program: &Path, file: &Path) -> Result<Manifest, PluginError> {
    let (_running, manifest) = Running::load(program, file, None).await?;
    Ok(manifest)
}
