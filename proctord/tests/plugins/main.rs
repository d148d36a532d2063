//! Plugins as real libraries, good and hostile: what one does costs its own process, and is told with its name.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod bundled;
mod check;
mod confined;
mod good;
mod hostile;
mod library;
mod unusable;
