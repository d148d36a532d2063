//! Drives the worker against real shims and real processes. One file per topic, one binary.

#![expect(
    clippy::disallowed_methods,
    reason = "each test waits for what it spawns"
)]

mod crashes;
mod disk;
mod launch;
mod leftovers;
mod load;
mod outcomes;
mod output;
mod restart;
mod retries;
mod stop;
mod support;
