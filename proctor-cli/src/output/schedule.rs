//! What formats make of schedules, their moments and what became of those.

use jiff::tz::TimeZone;
use proctor_api::{Firing, NextMoments, Schedule};
use serde::Serialize;

/// A schedule that is there no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Removed {
    pub id: u64,
}

/// Turns answers about schedules into what stdout gets.
pub trait ScheduleOutput {
    fn schedules(&self, schedules: &[Schedule]) -> String;
    /// What stands above the schedules, where that is apart from them.
    fn schedules_heading(&self, _schedules: &[Schedule]) -> Option<String> {
        None
    }
    fn schedule(&self, schedule: &Schedule) -> String;
    /// A schedule that was made: little more than its id.
    fn created(&self, schedule: &Schedule) -> String;
    /// A schedule that was changed, paused or resumed: its id and how it stands.
    fn changed(&self, schedule: &Schedule) -> String;
    fn removed(&self, removed: Removed) -> String;
    /// Moments to come, by the schedule's clock and the asker's own, if that is known.
    fn moments(&self, next: &NextMoments, own: Option<&TimeZone>) -> String;
    /// What stands above the moments, where that is apart from them.
    fn moments_heading(&self, _next: &NextMoments, _own: Option<&TimeZone>) -> Option<String> {
        None
    }
    fn firings(&self, firings: &[Firing]) -> String;
    /// What stands above the firings, where that is apart from them.
    fn firings_heading(&self, _firings: &[Firing]) -> Option<String> {
        None
    }
}
