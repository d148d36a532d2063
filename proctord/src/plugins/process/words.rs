//! What a plugin writes to its standard output and error, taken into the service's log, line by line. It is bounded:
//! neither long lines nor many of them fill the log, and a plugin that writes on is never held up.

use std::mem::take;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};
use tokio::time::Instant;
use tracing::warn;

/// The longest line; the rest of it comes as another one.
const LINE_LIMIT: u64 = 4096;
/// So many lines are taken in so long a time, the others are counted.
const LINES: u64 = 100;
const WINDOW: Duration = Duration::from_secs(60);

/// Takes lines until there are no more.
pub(super) async fn take_down(plugin: String, pipe: impl AsyncRead + Unpin) {
    let mut reader = BufReader::new(pipe);
    let mut measure = Measure::new(Instant::now());
    while let Some(line) = next_line(&mut reader).await {
        let taken = measure.takes(Instant::now());
        tell_left_out(&plugin, taken.left_out_before);
        if taken.is_taken {
            warn!(plugin, "{}", line.trim_end());
        }
    }
    tell_left_out(&plugin, measure.left_out);
}

fn tell_left_out(plugin: &str, lines: u64) {
    if lines > 0 {
        warn!(
            plugin,
            lines, "a plugin writes too much: lines were left out"
        );
    }
}

async fn next_line(reader: &mut (impl AsyncBufRead + Unpin)) -> Option<String> {
    let mut line = Vec::new();
    let mut bounded = reader.take(LINE_LIMIT);
    match bounded.read_until(b'\n', &mut line).await {
        // A pipe that cannot be read has ended, too.
        Ok(0) | Err(_) => None,
        Ok(_) => Some(String::from_utf8_lossy(&line).into_owned()),
    }
}

/// Counts the lines of a window.
struct Measure {
    began: Instant,
    taken: u64,
    left_out: u64,
}

struct Taken {
    is_taken: bool,
    /// How many lines of the window before were not.
    left_out_before: u64,
}

impl Measure {
    fn new(now: Instant) -> Self {
        Self {
            began: now,
            taken: 0,
            left_out: 0,
        }
    }

    fn takes(&mut self, now: Instant) -> Taken {
        let mut left_out_before = 0;
        if now.duration_since(self.began) >= WINDOW {
            left_out_before = take(&mut self.left_out);
            *self = Self::new(now);
        }
        let is_taken = self.taken < LINES;
        if is_taken {
            self.taken += 1;
        } else {
            self.left_out += 1;
        }
        Taken {
            is_taken,
            left_out_before,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Instant, LINE_LIMIT, LINES, Measure, WINDOW, next_line};

    #[test]
    fn lines_beyond_the_measure_of_a_window_are_counted_and_told_in_the_next() {
        let began = Instant::now();
        let mut measure = Measure::new(began);

        let taken = (0..LINES + 7).filter(|_| measure.takes(began).is_taken);
        assert_eq!(taken.count() as u64, LINES);
        let later = measure.takes(began + WINDOW);
        assert!(later.is_taken);
        assert_eq!(later.left_out_before, 7);
        assert_eq!(measure.takes(began + WINDOW * 2).left_out_before, 0);
    }

    #[tokio::test]
    async fn a_line_without_end_is_taken_in_pieces() {
        let text = [&vec![b'x'; LINE_LIMIT as usize + 1][..], b"\n\xff\n"].concat();
        let mut reader = &text[..];

        assert_eq!(
            next_line(&mut reader).await.unwrap().len(),
            LINE_LIMIT as usize
        );
        assert_eq!(next_line(&mut reader).await.unwrap(), "x\n");
        assert_eq!(next_line(&mut reader).await.unwrap(), "\u{fffd}\n");
        assert_eq!(next_line(&mut reader).await, None);
    }
}
