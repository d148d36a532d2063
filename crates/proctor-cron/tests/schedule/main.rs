//! What the crate promises: a table worked out by hand, refusals word for word, and a slow walk through real time that
//! must agree with it everywhere.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod jitter;
mod reference;
mod refusals;
mod table;
mod walk;
mod windows;
