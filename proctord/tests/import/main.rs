//! `proctord import-v2` as a process: from a real Postgres and a real Redis with what version 2 leaves there, into
//! what `proctord` and `proctor` then show.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod catalog;
mod executions;
mod interrupted;
mod refused;
mod schedules;
mod servers;
mod v2;
