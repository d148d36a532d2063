//! Schedules as the service's JSON; lists are arrays.

use jiff::tz::TimeZone;
use proctor_api::{Firing, NextMoments, Schedule};

use crate::output::json::{Json, document};
use crate::output::{Removed, ScheduleOutput};

impl ScheduleOutput for Json {
    fn schedules(&self, schedules: &[Schedule]) -> String {
        document(schedules)
    }

    fn schedule(&self, schedule: &Schedule) -> String {
        document(schedule)
    }

    fn created(&self, schedule: &Schedule) -> String {
        document(schedule)
    }

    fn changed(&self, schedule: &Schedule) -> String {
        document(schedule)
    }

    fn removed(&self, removed: Removed) -> String {
        document(&removed)
    }

    fn moments(&self, next: &NextMoments, _own: Option<&TimeZone>) -> String {
        document(&next.moments)
    }

    fn firings(&self, firings: &[Firing]) -> String {
        document(firings)
    }
}
