//! A stretch of time in which the clock of a zone does not change: local time and real time go together in it. All that
//! this crate knows of a zone's rules is where one stretch ends and the next one begins.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use crate::moment::{DaylightSaving, Moment};

#[derive(Debug, Clone, Copy)]
pub(super) struct Stretch {
    offset: Offset,
    /// The change with which it begins.
    start: Option<Change>,
    /// The change with which it ends.
    end: Option<Change>,
}

/// A change of the clock, and how far from UTC it is on the other side.
#[derive(Debug, Clone, Copy)]
struct Change {
    at: Timestamp,
    other: Offset,
}

impl Stretch {
    /// The stretch of an instant. A change of the clock belongs to the stretch that it begins.
    pub(super) fn containing(zone: &TimeZone, instant: Timestamp) -> Self {
        let offset = zone.to_offset(instant);
        // The zone's data also lists changes of a name that leave the offset as it is.
        let start = zone
            .preceding(shifted(instant, SignedDuration::from_nanos(1)))
            .map(|transition| Change {
                at: transition.timestamp(),
                other: zone.to_offset(shifted(
                    transition.timestamp(),
                    SignedDuration::from_secs(-1),
                )),
            })
            .find(|change| change.other != offset);
        let end = zone
            .following(instant)
            .map(|transition| Change {
                at: transition.timestamp(),
                other: transition.offset(),
            })
            .find(|change| change.other != offset);
        Self { offset, start, end }
    }

    pub(super) fn following(&self, zone: &TimeZone) -> Option<Self> {
        self.end.map(|end| Self::containing(zone, end.at))
    }

    pub(super) fn reaches_past(&self, instant: Timestamp) -> bool {
        self.end.is_none_or(|end| end.at > instant)
    }

    pub(super) fn local(&self, instant: Timestamp) -> DateTime {
        self.offset.to_datetime(instant)
    }

    /// What the clock shows when it begins.
    pub(super) fn begin(&self) -> DateTime {
        self.start
            .map_or(DateTime::MIN, |start| self.local(start.at))
    }

    /// What the clock would show when it ends, were it not changed.
    pub(super) fn end(&self) -> DateTime {
        self.end.map_or(DateTime::MAX, |end| self.local(end.at))
    }

    /// What the clock would have shown when it begins, had it not been changed. Later than its begin, local times come
    /// a second time until then; earlier, those from then to its begin are missing.
    pub(super) fn unchanged_begin(&self) -> DateTime {
        self.start
            .map_or(DateTime::MIN, |start| start.other.to_datetime(start.at))
    }

    /// The moment at a local time of this stretch; none at the very ends of the calendar.
    pub(super) fn moment(&self, local: DateTime) -> Option<Moment> {
        let instant = self.offset.to_timestamp(local).ok()?;
        Some(self.moment_at(instant))
    }

    pub(super) fn moment_at(&self, instant: Timestamp) -> Moment {
        let local = self.local(instant);
        Moment {
            instant,
            local,
            offset: self.offset,
            daylight_saving: self.pass(local),
        }
    }

    fn pass(&self, local: DateTime) -> DaylightSaving {
        let comes_again = |end: Change| end.other.to_datetime(end.at) <= local;
        if local < self.unchanged_begin() {
            DaylightSaving::SecondPass
        } else if self.end.is_some_and(comes_again) {
            DaylightSaving::FirstPass
        } else {
            DaylightSaving::Unaffected
        }
    }
}

/// The instant so much later; the instant itself at the ends of the calendar.
fn shifted(instant: Timestamp, by: SignedDuration) -> Timestamp {
    instant.checked_add(by).unwrap_or(instant)
}
