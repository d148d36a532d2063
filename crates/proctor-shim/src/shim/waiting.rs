//! The one place where a shim sleeps.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Between two tries on a disk that refuses.
pub const RETRY_DELAY: Duration = Duration::from_secs(1);

/// How many such tries are made once nobody waits for the command any more.
pub const RETRIES: u32 = 30;

/// Waits until one of the descriptors is readable (or closed) or the moment has come. Returns which are.
pub fn wait<const N: usize>(fds: [Option<BorrowedFd<'_>>; N], until: Option<Instant>) -> [bool; N] {
    let mut polled: Vec<PollFd<'_>> = fds
        .iter()
        .flatten()
        .map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN))
        .collect();
    let timeout = until.map(|until| {
        let left = until.saturating_duration_since(Instant::now());
        Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: left.subsec_nanos().into(),
        }
    });
    // An interrupted or refused wait is as good as one that ended early: every caller looks again.
    let waited = poll(&mut polled, timeout.as_ref());
    let mut ready = polled
        .iter()
        .map(|fd| waited.is_ok() && !fd.revents().is_empty());
    fds.map(|fd| fd.is_some() && ready.next().unwrap_or(false))
}

/// Does nothing for a while.
pub fn pause(time: Duration) {
    let until = Instant::now() + time;
    while Instant::now() < until {
        wait::<0>([], Some(until));
    }
}

/// The earlier of two moments, if there is any.
pub fn earlier(one: Option<Instant>, other: Option<Instant>) -> Option<Instant> {
    one.into_iter().chain(other).min()
}
