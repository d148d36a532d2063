//! The Kubernetes double over HTTP, as a client meets it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod exchanges;
mod faults;
mod lists;
mod nodes;
mod objects;
mod process;
mod recorded;
mod running;
mod scale;
mod scenario;
mod scripted;
mod watches;
