//! Work that stands still in the middle, as that of a process does that is stopped and goes on later: whatever comes
//! back meanwhile is not looked at, and what was begun stays open as long as the other side lets it.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

/// A unit of work that fires takes about so many steps.
const STEPS: u32 = 24;
/// How long the database leaves a unit of work open of which it hears nothing.
pub const PATIENCE: Duration = Duration::from_millis(300);

pub struct Nap {
    /// How often the work goes on before it stands still.
    after: u32,
    lasting: Duration,
}

impl Nap {
    /// One of four lasts longer than the database is patient.
    pub fn of(rng: &mut StdRng) -> Self {
        let millis = match rng.random_bool(0.75) {
            true => rng.random_range(1..200),
            false => rng.random_range(350..600),
        };
        Self {
            after: rng.random_range(1..STEPS),
            lasting: Duration::from_millis(millis),
        }
    }

    /// What the work came to, and whether it stood still; it may have been over before.
    pub async fn during<T>(self, work: impl Future<Output = T>) -> (T, bool) {
        let mut work = pin!(work);
        let mut left = self.after;
        let over = poll_fn(|context| {
            if left == 0 {
                return Poll::Ready(None);
            }
            left -= 1;
            work.as_mut().poll(context).map(Some)
        });
        if let Some(over) = over.await {
            return (over, false);
        }
        tokio::time::sleep(self.lasting).await;
        (work.await, true)
    }
}
