//! One moment of a schedule, with what people see of it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// One moment of a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// When it is; this alone identifies the moment of a schedule.
    pub instant: Timestamp,
    /// What the clock shows then in the schedule's time zone.
    pub local: DateTime,
    /// How far that clock is from UTC then.
    pub offset: Offset,
    /// What a change of the clock has done to it.
    pub daylight_saving: DaylightSaving,
}

/// What a change of the clock has done to a moment, daylight saving or any other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DaylightSaving {
    /// Nothing.
    Unaffected,
    /// It stands for local times that are missing on that day. There may be several; this is the first.
    Moved { from: DateTime },
    /// The clock shows this local time twice, and this is the first. Only an interval schedule has the second as well.
    FirstPass,
    /// The clock shows this local time for the second time.
    SecondPass,
}
