//! Time zones by their IANA names. The data is what is built into the binary and never that of the host, since two
//! replicas with different data would take different moments for one schedule.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// There is no zone of this name in the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a time zone; Europe/Berlin and UTC are examples")]
pub struct UnknownTimeZone(pub String);

/// The zone of this name, whose case does not matter.
pub fn time_zone(name: &str) -> Result<TimeZone, UnknownTimeZone> {
    TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_unknown| UnknownTimeZone(name.to_owned()))
}
