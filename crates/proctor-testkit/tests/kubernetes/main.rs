//! The Kubernetes double over HTTP, as a client meets it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod faults;
mod lists;
mod objects;
mod recorded;
mod running;
mod scale;
mod scripted;
mod watches;
