//! What the worker and the shim must agree on: the files of one job's folder, the messages that pass
//! between the two, how a process is told from another with the same number, and the fail points.
//!
//! The shim itself is the binary of this crate (`main.rs`, `shim/`). Nothing here starts a process, and
//! nothing here knows about the worker's callers.

pub mod failpoint;
pub mod folder;
pub mod identity;
pub mod outcome;
pub mod procfs;
pub mod protocol;
pub mod record;

pub use folder::Folder;
pub use identity::ProcessIdentity;
pub use outcome::{Attempt, Cause, Ended, Outcome, Started, StopRequest};
pub use protocol::{Answer, Refusal, Spec, SpecError};
