//! How many requests each user may make. A user has the requests of a minute in hand and gets them back evenly, so a
//! burst is served and a flood is not. Each replica counts by itself.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::TooMany;

const MINUTE: Duration = Duration::from_mins(1);

pub(super) struct Pace {
    a_minute: NonZeroU32,
    /// When each user will have all requests of a minute in hand again. Who has is left out.
    full_again: Mutex<Users>,
}

#[derive(Default)]
struct Users {
    by_email: HashMap<String, Instant>,
    /// When those who have all in hand were last looked for.
    swept: Option<Instant>,
}

impl Pace {
    pub(super) fn new(a_minute: NonZeroU32) -> Self {
        Self {
            a_minute,
            full_again: Mutex::default(),
        }
    }

    pub(super) fn count(&self, email: &str, now: Instant) -> Result<(), TooMany> {
        let mut users = self
            .full_again
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        users.sweep(now);
        let full_again = users.by_email.entry(email.to_lowercase()).or_insert(now);
        let then = (*full_again).max(now) + MINUTE / self.a_minute.get();
        // All of a minute's requests are gone when it takes a minute until all are back.
        let latest = now + MINUTE;
        if then > latest {
            return Err(TooMany {
                wait: then - latest,
            });
        }
        *full_again = then;
        Ok(())
    }
}

impl Users {
    /// Users are as many as the plugin knows; those who have gone are forgotten once a minute.
    fn sweep(&mut self, now: Instant) {
        if self.swept.is_none_or(|swept| now >= swept + MINUTE) {
            self.by_email.retain(|_, full_again| *full_again > now);
            self.swept = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::Pace;

    #[test]
    fn a_minute_s_requests_are_served_at_once_and_come_back_evenly() {
        let pace = Pace::new(NonZeroU32::new(6).unwrap());
        let begin = Instant::now();

        for _ in 0..6 {
            pace.count("ada@example.org", begin).unwrap();
        }
        let refused = pace.count("Ada@example.org", begin).unwrap_err();
        assert_eq!(refused.wait, Duration::from_secs(10));
        pace.count("bob@example.org", begin).unwrap();

        let later = begin + refused.wait;
        pace.count("ada@example.org", later).unwrap();
        assert!(pace.count("ada@example.org", later).is_err());
    }

    #[test]
    fn who_has_gone_is_forgotten() {
        let pace = Pace::new(NonZeroU32::MIN);
        let begin = Instant::now();
        for number in 0..100 {
            pace.count(&format!("{number}@example.org"), begin).unwrap();
        }

        let later = begin + Duration::from_secs(61);
        pace.count("last@example.org", later).unwrap();

        assert_eq!(pace.full_again.lock().unwrap().by_email.len(), 1);
    }
}
