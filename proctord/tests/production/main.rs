//! The real binaries in production mode, on a real Postgres, a real Redis and the local runner or a double of a
//! cluster: what works, and what happens when one of the servers is late, gone, slow, full, read-only or restarted.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod canary;
mod cluster;
mod cluster_crashes;
mod commands;
mod crash;
mod database;
mod disk;
mod late;
mod load;
mod lost_answers;
mod redis;
mod secrets;
mod site;
mod walk;
