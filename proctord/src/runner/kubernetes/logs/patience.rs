//! How long the reader of logs waits for what.

use std::time::Duration;

/// How long is waited for what. Tests have less of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// A stream has ended: until its container is known to have ended as well.
    pub settle: Duration,
    /// A container has ended: until a stream that says nothing is left. It may never end by itself.
    pub hanging: Duration,
    /// A container has ended: until what cannot be read is given up.
    pub give_up: Duration,
    /// Until a stream that should end at once says something.
    pub answer: Duration,
    /// A container runs: until a stream that says nothing is opened anew. Its other side may be gone without a word.
    pub quiet: Duration,
    /// An execution is over: until a Pod that is not in sight, though it must have been there, is taken for gone.
    pub unseen: Duration,
    /// After the first failure; after each further one twice as long, up to the longest.
    pub first_pause: Duration,
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            settle: Duration::from_secs(1),
            hanging: Duration::from_secs(3),
            give_up: Duration::from_secs(20),
            answer: Duration::from_secs(10),
            quiet: Duration::from_secs(300),
            unseen: Duration::from_secs(5),
            first_pause: Duration::from_millis(100),
            longest_pause: Duration::from_secs(10),
        }
    }
}

/// Pauses that grow.
#[derive(Debug)]
pub(super) struct Pauses {
    next: Duration,
    first: Duration,
    longest: Duration,
}

impl Pauses {
    pub(super) fn new(patience: Patience) -> Self {
        Self {
            next: patience.first_pause,
            first: patience.first_pause,
            longest: patience.longest_pause,
        }
    }

    /// The next one; no two readers are to come back together.
    pub(super) fn next(&mut self) -> Duration {
        let pause = self.next.mul_f64(rand::random_range(0.5..1.0));
        self.next = (self.next * 2).min(self.longest);
        pause
    }

    pub(super) fn is_first(&self) -> bool {
        self.next == self.first
    }

    /// Something went well.
    pub(super) fn reset(&mut self) {
        self.next = self.first;
    }
}
