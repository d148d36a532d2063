//! Runs Linux processes that outlive the one that started them.
//!
//! Each job has a folder and a shim (`proctor-shim`), a small process that runs the command, takes its
//! output and writes down how it ended. The worker only ever talks to a shim through the folder, two pipes
//! and a signal, so a restarted worker finds everything again:
//!
//! ```text
//! prepare ─► PreparedJob ─► go ─► Job ─► wait ─► End
//!               │ dropped            │
//!               ▼                    ▼ worker restarts
//!          nothing ran            inspect ─► Found
//! ```
//!
//! A job runs at most once, whatever crashes. This crate knows nothing of transports, clusters and databases,
//! and it keeps nothing in memory that the folder does not say as well.

#![warn(missing_docs)]

mod blocking;
mod conclusion;
mod error;
mod folders;
mod inspect;
mod job;
mod launch;
mod name;
mod output;
mod readiness;
mod shim;
mod stray;
mod survivors;
mod worker;

pub use proctor_shim::{
    Attempt, Cause, Ended, Outcome, ProcessIdentity, Spec, SpecError, Started, failpoint,
};

pub use error::WorkerError;
pub use inspect::{Found, Peeked};
pub use job::{End, Job};
pub use launch::PreparedJob;
pub use name::{InvalidName, JobName};
pub use output::{Output, OutputReader};
pub use stray::Stray;
pub use worker::Worker;
