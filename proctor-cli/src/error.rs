//! The one error of a command, from which its text and its exit code follow.

use std::io;
use std::path::PathBuf;

use crate::client::error::ClientError;
use crate::config::ConfigError;
use crate::context::is_broken_pipe;
use crate::escape::visible;
use crate::exit_code::{self, Exit};
use crate::follow::FollowError;
use crate::manifest::{Located, PublishError};
use crate::prompt::PromptError;
use crate::secret_value::SecretError;
use crate::tls::TrustError;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Follow(#[from] FollowError),
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Prompt(#[from] PromptError),
    #[error("Proctor doesn't support Proc `{}`\nRun `proctor list` to view supported Procs", visible(.0))]
    UnknownProc(String),
    #[error("Error writing template file: {}: {source}{}", visible(&path.display().to_string()), force_hint(.source))]
    Template {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("failed to write to stdout: {0}")]
    Stdout(#[source] io::Error),
}

/// A file that is in the way can be overwritten on purpose.
fn force_hint(error: &io::Error) -> &'static str {
    if error.kind() == io::ErrorKind::AlreadyExists {
        "; say --force to overwrite it"
    } else {
        ""
    }
}

/// What was typed cannot be understood.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    #[error("Incorrect variable format\n  {}", .0.join("\n  "))]
    Variables(Vec<String>),
    #[error("{}", .0.join("\n"))]
    Settings(Vec<String>),
    #[error(
        "-o {0} tells about the execution and needs --detach; without it, stdout is the proc's output alone"
    )]
    FormatWithoutDetach(&'static str),
    #[error("Incorrect variable format\n  {0}")]
    ArgsFile(Located),
    #[error(
        "{} needs args that are not given:\n  {}\nNothing was sent. Give them as ARG=VALUE or in a file with -f",
        visible(name),
        lines.join("\n  ")
    )]
    MissingArgs { name: String, lines: Vec<String> },
    /// A flag whose text cannot be taken, beside the others that were given.
    #[error("{flag}: {why}")]
    Flag { flag: &'static str, why: String },
    #[error(
        "nothing to change: give a flag or ARG=VALUE; `proctor schedule update --help` shows the flags"
    )]
    NothingToChange,
    #[error("say --yes to {what} where nobody can be asked")]
    NobodyToAsk { what: String },
}

impl Error {
    /// The exit code, where `failure` is the command's own for a failure.
    #[must_use]
    pub fn exit_code(&self, failure: Exit) -> Exit {
        match self {
            Self::Usage(_) => exit_code::USAGE,
            Self::Prompt(PromptError::Interrupted) => exit_code::INTERRUPTED,
            error if error.is_broken_pipe() => exit_code::BROKEN_PIPE,
            _ => failure,
        }
    }

    /// Whether whoever read stdout has gone away, about which nothing is said.
    #[must_use]
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Stdout(error) | Self::Follow(FollowError::Stdout(error)) if is_broken_pipe(error))
    }
}
