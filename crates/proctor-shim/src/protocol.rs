//! The conversation over the shim's two pipes: the worker sends a length and a [`Spec`], the shim answers
//! with [`Answer`] lines, the worker sends [`GO`].
//!
//! The spec carries secrets in its environment: it travels through the pipe only, never through a file,
//! an argument or a log.

mod spec;

use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use spec::{Spec, SpecError};

use crate::outcome::Started;

/// What the worker writes once the launch is settled.
pub const GO: &[u8] = b"go\n";

/// How long the shim waits for the spec, and then again for `go`, before it leaves.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The largest spec that is accepted, encoded: well above what the kernel takes in an exec.
pub const MAX_SPEC_BYTES: u32 = 32 << 20;

/// One line from the shim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It holds the folder and the spec, and waits for `go`.
    Ready(bool),
    /// It leaves; nothing has run and nothing will.
    Refused(Refusal),
    /// The start is on disk and the command runs next.
    Started(Started),
}

/// Why a shim leaves without running anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Another shim holds the folder.
    Held,
    /// The job has been started before.
    Started,
    /// It could not prepare the start, in words.
    Failed(String),
}
