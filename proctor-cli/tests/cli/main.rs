//! `proctor` as a process, against a small real server on a port of its own.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, whatever fails to unwrap is the failure"
)]

mod config;
mod ends;
mod errors;
mod execute;
mod listing;
mod logs;
mod publish;
mod run;
mod secret;
mod stub;
mod wire;
