//! Why a plugin is of no use, now or at all. Every error names the plugin or its file.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Why a plugin is of no use.
#[derive(Debug, Error)]
pub enum PluginError {
    /// It cannot be loaded, and trying again does not help.
    #[error("the plugin {} cannot be used: {why}", file.display())]
    Unusable { file: PathBuf, why: String },
    /// The plugin says so itself.
    #[error("the plugin {plugin} failed to {method}: {message}")]
    Failed {
        plugin: String,
        method: &'static str,
        message: String,
    },
    #[error("the plugin {plugin} did not {method} within {after:?}")]
    TimedOut {
        plugin: String,
        method: &'static str,
        after: Duration,
    },
    /// It was not asked: too many others are.
    #[error(
        "the plugin {plugin} has too much to do: it could not be asked to {method} within {after:?}"
    )]
    Busy {
        plugin: String,
        method: &'static str,
        after: Duration,
    },
    #[error("the plugin {plugin} broke down while it should {method}: {how}")]
    Crashed {
        plugin: String,
        method: &'static str,
        how: String,
    },
    /// The service asks too much of it; it was not asked.
    #[error("the plugin {plugin} cannot {method}: a request of {length} bytes is too long")]
    TooLong {
        plugin: String,
        method: &'static str,
        length: usize,
    },
    /// It is being started again.
    #[error("the plugin {plugin} is not there now")]
    Away { plugin: String },
    #[error("the plugin {plugin} gave an answer to {method} that means nothing")]
    Garbled {
        plugin: String,
        method: &'static str,
        #[source]
        source: serde_json::Error,
    },
}
