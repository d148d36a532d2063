//! `proctor` as a process, against a small real server on a port of its own.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, whatever fails to unwrap is the failure"
)]

mod audit;
mod completion;
mod config;
mod defects;
mod ends;
mod errors;
mod execute;
#[cfg(unix)]
mod interrupt;
mod listing;
mod login;
mod logs;
mod modes;
mod procs;
#[cfg(unix)]
mod prompts;
mod publish;
mod rerun;
mod run;
mod schedule;
mod secret;
mod stub;
mod template;
#[cfg(unix)]
mod terminal;
mod v2;
mod whoami;
mod wire;
