//! The real binaries together: `proctord dev` as a process, driven by `proctor`, crashed and started again.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod audit;
mod bad_input;
mod bytes;
mod crash;
mod documents;
mod fail_points;
mod fan_out;
mod first_light;
mod full_disk;
mod lost;
mod masking;
mod queue;
mod restore;
mod schedules;
mod start;
mod support;
