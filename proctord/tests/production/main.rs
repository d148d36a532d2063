//! The real binaries in production mode, on a real Postgres, a real Redis and the local runner or a double of a
//! cluster: what works, and what happens when one of the servers is late, gone, slow, full, read-only or restarted.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod balancer;
mod canary;
mod cluster;
mod cluster_canary;
mod cluster_crashes;
mod commands;
mod crash;
mod crowd;
mod database;
mod deliveries;
mod disk;
mod followers;
mod given_up;
mod late;
mod load;
mod lost_answers;
mod places;
mod queue;
mod redis;
mod restore;
mod rolling;
mod running_jobs;
mod schedules;
mod secrets;
mod silent_host;
mod site;
mod takeover;
mod walk;
