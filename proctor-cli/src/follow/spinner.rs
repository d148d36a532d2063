//! What turns on a terminal while nothing of a log has come yet.

use std::time::Duration;

use owo_colors::OwoColorize as _;

use crate::console;

const FRAMES: [&str; 4] = ["|", "/", "-", "\\"];
const EVERY: Duration = Duration::from_millis(100);

/// Turns on stderr, and takes itself back before anything else is written.
#[derive(Debug)]
pub struct Spinner {
    turns: bool,
    frame: usize,
}

impl Spinner {
    /// One that turns if stderr is a terminal.
    #[must_use]
    pub fn new() -> Self {
        Self {
            turns: console::can_take_back(),
            frame: 0,
        }
    }

    /// Turns until the future has come to its end.
    pub async fn during<T>(&mut self, future: impl Future<Output = T>) -> T {
        if !self.turns {
            return future.await;
        }
        let mut future = std::pin::pin!(future);
        let mut shown = Shown(false);
        loop {
            tokio::select! {
                biased;
                value = &mut future => return value,
                () = tokio::time::sleep(EVERY) => {
                    console::ask(format!("\r{}", FRAMES[self.frame].green()));
                    self.frame = (self.frame + 1) % FRAMES.len();
                    shown.0 = true;
                }
            }
        }
    }

    /// Something has come: it turns no more.
    pub fn rest(&mut self) {
        self.turns = false;
    }
}

/// Whether a frame is on the screen; takes it back when it goes.
struct Shown(bool);

impl Drop for Shown {
    fn drop(&mut self) {
        if self.0 {
            console::ask("\r \r");
        }
    }
}
