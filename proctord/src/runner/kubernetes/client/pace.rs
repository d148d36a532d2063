//! How many requests go out at a time, and when: as many as the cluster bears. It says 429 when it does not; then
//! half as many go out, none before it allows, and one more again after each while without a complaint.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// The most requests at a time.
const MOST: usize = 32;
/// How many answers in a row earn one more request at a time.
const EARNS_ONE_MORE: usize = 16;

/// Lets requests out.
#[derive(Debug)]
pub(super) struct Pace {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug)]
struct State {
    limit: usize,
    running: usize,
    good: usize,
    /// Nothing goes out before.
    not_before: Instant,
}

/// A request that is out; dropped, it is back.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pace: &'a Pace,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self {
            state: Mutex::new(State {
                limit: MOST,
                running: 0,
                good: 0,
                not_before: Instant::now(),
            }),
            changed: Notify::new(),
        }
    }

    /// Waits until one more request may go out.
    pub(super) async fn turn(&self) -> Turn<'_> {
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            changed.as_mut().enable();
            let wait_until = {
                let mut state = self.state();
                if state.not_before > Instant::now() {
                    Some(state.not_before)
                } else if state.running < state.limit {
                    state.running += 1;
                    return Turn { pace: self };
                } else {
                    None
                }
            };
            match wait_until {
                Some(moment) => tokio::time::sleep_until(moment).await,
                None => changed.await,
            }
        }
    }

    /// The cluster has had enough, for this long.
    pub(super) fn slow_down(&self, pause: Duration) {
        let mut state = self.state();
        let (now, until) = (Instant::now(), Instant::now() + pause);
        // Those that were out together complain together: that is one complaint.
        if state.not_before <= now {
            state.limit = (state.limit / 2).max(1);
        }
        state.not_before = state.not_before.max(until);
        state.good = 0;
    }

    /// It answered as it should.
    pub(super) fn went_well(&self) {
        let mut state = self.state();
        state.good += 1;
        if state.good >= EARNS_ONE_MORE && state.limit < MOST {
            state.good = 0;
            state.limit += 1;
            drop(state);
            self.changed.notify_one();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pace.state().running -= 1;
        self.pace.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;

    use super::{EARNS_ONE_MORE, MOST, Pace};

    #[tokio::test]
    async fn a_complaint_halves_what_goes_out_and_answers_earn_it_back() {
        let pace = Pace::new();
        let mut out = Vec::new();
        for _ in 0..MOST {
            out.push(pace.turn().await);
        }
        assert!(pace.turn().now_or_never().is_none());

        out.clear();
        pace.slow_down(Duration::from_millis(90));
        pace.slow_down(Duration::from_millis(30));
        let before = tokio::time::Instant::now();
        for _ in 0..MOST / 2 {
            out.push(pace.turn().await);
        }

        assert!(before.elapsed() >= Duration::from_millis(90));
        assert!(pace.turn().now_or_never().is_none());
        (0..EARNS_ONE_MORE).for_each(|_| pace.went_well());
        assert!(pace.turn().now_or_never().is_some());
    }

    #[tokio::test]
    async fn who_waits_goes_out_when_one_is_back() {
        let pace = Pace::new();
        pace.slow_down(Duration::ZERO);
        let mut out = Vec::new();
        while let Some(turn) = pace.turn().now_or_never() {
            out.push(turn);
        }
        let waiting = pace.turn();

        let (_, turn) = tokio::join!(async { drop(out.pop()) }, waiting);

        drop(turn);
    }
}
