//! How many comparisons are made at a time: each takes memory, and many at once would take a lot of it.

use std::sync::{Condvar, Mutex, PoisonError};

/// More than the processors of a small machine can do at once would only wait inside.
const AT_A_TIME: usize = 4;

static FREE: Mutex<usize> = Mutex::new(AT_A_TIME);
static FREED: Condvar = Condvar::new();

/// The right to make one comparison, given back when it is dropped.
pub(crate) struct Turn(());

impl Turn {
    /// Waits for it.
    pub(crate) fn wait() -> Self {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = FREED
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Self(())
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *FREE.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        FREED.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{AT_A_TIME, Turn};

    #[test]
    fn no_more_than_a_few_have_their_turn_at_once() {
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let take_turns = || {
            for _ in 0..200 {
                let _turn = Turn::wait();
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::yield_now();
                now.fetch_sub(1, Ordering::SeqCst);
            }
        };

        std::thread::scope(|scope| {
            for _ in 0..4 * AT_A_TIME {
                scope.spawn(take_turns);
            }
        });

        assert!((1..=AT_A_TIME).contains(&most.into_inner()));
    }
}
