//! The real binaries together: `proctord dev` as a process, driven by `proctor`, crashed and started again.

mod bad_input;
mod bytes;
mod crash;
mod fail_points;
mod first_light;
mod full_disk;
mod queue;
mod start;
mod support;
