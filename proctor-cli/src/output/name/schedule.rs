//! Schedules as ids alone, moments as instants, and of what became of them the ids of executions.

use jiff::tz::TimeZone;
use proctor_api::{Firing, NextMoments, Schedule};

use crate::output::name::{Name, lines};
use crate::output::{Removed, ScheduleOutput};

impl ScheduleOutput for Name {
    fn schedules(&self, schedules: &[Schedule]) -> String {
        lines(schedules.iter().map(|schedule| schedule.id))
    }

    fn schedule(&self, schedule: &Schedule) -> String {
        lines([schedule.id])
    }

    fn created(&self, schedule: &Schedule) -> String {
        lines([schedule.id])
    }

    fn changed(&self, schedule: &Schedule) -> String {
        lines([schedule.id])
    }

    fn removed(&self, removed: Removed) -> String {
        lines([removed.id])
    }

    fn moments(&self, next: &NextMoments, _own: Option<&TimeZone>) -> String {
        lines(next.moments.iter().map(|moment| moment.at))
    }

    fn firings(&self, firings: &[Firing]) -> String {
        lines(firings.iter().filter_map(execution_id))
    }
}

fn execution_id(firing: &Firing) -> Option<u64> {
    match firing {
        Firing::Fired { execution_id, .. } | Firing::Run { execution_id, .. } => {
            Some(*execution_id)
        }
        Firing::Stretch { .. } => None,
    }
}
