//! Every route of a real service over HTTP: codes, bodies, headers.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod audit;
mod book;
mod bounds;
mod bundles;
mod client_version;
mod errors;
mod executions;
mod force_stop;
mod guard;
mod logs;
mod metadata;
mod probes;
mod read_log;
mod reruns;
mod schedule_keys;
mod schedules;
mod secrets;
mod support;
mod v2;
mod whoami;
