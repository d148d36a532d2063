//! Waiting for a condition with a deadline, telling what was seen last if it never came true.

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// How long a condition may take. Generous: on a busy machine a slow success is better than a wrong failure.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(5);

/// Waits until `look` returns `Ok`; its `Err` is what was seen instead.
///
/// # Panics
/// The condition did not come true in time; the text says what was seen last.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where tests wait, always for a condition"
)]
pub fn wait_for<T, E: Debug>(what: &str, mut look: impl FnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if Instant::now() > deadline => {
                panic!("waited {PATIENCE:?} for {what}; seen last: {seen:?}")
            }
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}

/// As [`wait_for`], for a look that awaits.
///
/// # Panics
/// The condition did not come true in time; the text says what was seen last.
pub async fn wait_for_async<T, E: Debug>(what: &str, look: impl AsyncFnMut() -> Result<T, E>) -> T {
    wait_within(PATIENCE, what, look).await
}

/// As [`wait_for_async`], for what takes its time.
///
/// # Panics
/// The condition did not come true in time; the text says what was seen last.
pub async fn wait_within<T, E: Debug>(
    patience: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<T, E>,
) -> T {
    let deadline = Instant::now() + patience;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(seen) if Instant::now() > deadline => {
                panic!("waited {patience:?} for {what}; seen last: {seen:?}")
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
