//! What schedules have that say nothing of it.

use proctor_cron::time_zone;

use super::reader::Reader;

/// What schedules have that say nothing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleConfig {
    /// An IANA name.
    pub time_zone: String,
}

impl ScheduleConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        const DEFAULT: &str = "UTC";
        let wanted = "the name of a time zone such as Europe/Berlin";
        Self {
            time_zone: reader.parse(
                "PROCTOR_TIME_ZONE",
                DEFAULT.to_owned(),
                DEFAULT,
                wanted,
                |text| time_zone(text).is_ok().then(|| text.to_owned()),
            ),
        }
    }
}
