//! Registers descriptors that only ever become readable (pidfds, inotify) with the runtime.

use std::io;
use std::os::fd::OwnedFd;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Must be called within a runtime.
#[expect(
    unsafe_code,
    reason = "the runtime asks for a promise about the descriptor"
)]
pub(crate) fn readable(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open and stays the same descriptor until it is dropped, and it is moved into
    // the `AsyncFd`, which deregisters it first.
    Ok(unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?)
}
