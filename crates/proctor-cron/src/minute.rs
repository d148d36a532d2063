//! Whole minutes of local times: the finest that a schedule has.

use jiff::ToSpan;
use jiff::civil::DateTime;

fn floor(local: DateTime) -> DateTime {
    local.date().at(local.hour(), local.minute(), 0, 0)
}

/// The first whole minute that is later. There is none in the last minute of the calendar.
pub(crate) fn after(local: DateTime) -> Option<DateTime> {
    floor(local).checked_add(1.minute()).ok()
}

/// The first whole minute that is not earlier.
pub(crate) fn from(local: DateTime) -> Option<DateTime> {
    if floor(local) == local {
        Some(local)
    } else {
        after(local)
    }
}

/// How many whole minutes of the day are before this local time, 0 to 1440.
pub(crate) fn of_day(local: DateTime) -> u32 {
    let begun = u32::from(floor(local) != local);
    u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs()) + begun
}
