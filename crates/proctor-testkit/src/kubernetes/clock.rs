//! The time of the double, which every time stamp, deadline, retry and expiry goes by: that of this machine, or one
//! that only a test moves. Watches and HTTP go by this machine's in any case.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Whose time it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Clock {
    /// This machine's.
    #[default]
    Real,
    /// It stands still until the test advances it.
    Virtual,
}

/// A clock that runs.
#[derive(Debug, Clone)]
pub(crate) enum Time {
    Real,
    Virtual(Arc<Mutex<Timestamp>>),
}

impl Time {
    pub(crate) fn of(clock: Clock) -> Self {
        match clock {
            Clock::Real => Self::Real,
            Clock::Virtual => Self::Virtual(Arc::new(Mutex::new(Timestamp::now()))),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        match self {
            Self::Real => Timestamp::now(),
            Self::Virtual(moment) => *moment.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// Moves a virtual clock forward; false if it is not to be moved.
    pub(crate) fn set(&self, later: Timestamp) -> bool {
        let Self::Virtual(moment) = self else {
            return false;
        };
        let mut moment = moment.lock().unwrap_or_else(PoisonError::into_inner);
        *moment = later.max(*moment);
        true
    }

    /// How long it is until this moment; none if time does not pass by itself.
    pub(crate) fn until(&self, moment: Timestamp) -> Option<std::time::Duration> {
        match self {
            Self::Real => Some(
                moment
                    .duration_since(Timestamp::now())
                    .try_into()
                    .unwrap_or_default(),
            ),
            Self::Virtual(_) => None,
        }
    }

    /// As Kubernetes writes times: whole seconds.
    pub(crate) fn text(&self, seconds_from_now: i64) -> String {
        let now = Timestamp::from_second(self.now().as_second());
        let now = now.expect("a moment without its fraction is within the calendar");
        (now + SignedDuration::from_secs(seconds_from_now)).to_string()
    }
}
