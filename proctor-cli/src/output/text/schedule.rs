//! Schedules for people: the Go client's columns and rows first, then what it did not know.

use jiff::tz::TimeZone;
use owo_colors::OwoColorize as _;
use proctor_api::{Firing, Misfire, NextMoments, NotifyOn, Overlap, Schedule};

use super::execution::second;
use crate::escape::visible;
use crate::output::table::{self, Column};
use crate::output::text::{Text, document, firing, moment};
use crate::output::{Removed, ScheduleOutput};

impl ScheduleOutput for Text {
    fn schedules(&self, schedules: &[Schedule]) -> String {
        document(table(schedules, self.width).into_iter().skip(1))
    }

    fn schedules_heading(&self, schedules: &[Schedule]) -> Option<String> {
        table(schedules, self.width).into_iter().next()
    }

    fn schedule(&self, schedule: &Schedule) -> String {
        describe(self, schedule)
    }

    fn created(&self, schedule: &Schedule) -> String {
        document([format!("Scheduled Job UUID : {}", schedule.id)])
    }

    fn changed(&self, schedule: &Schedule) -> String {
        document([
            self.row("ID", &schedule.id.to_string()),
            self.row("PROC NAME", &visible(&schedule.job_name)),
            self.row("Next", &visible(&next(schedule))),
        ])
    }

    fn removed(&self, removed: Removed) -> String {
        // The Go client's word, as it spelled it.
        document([format!(
            "Sucessfully removed the scheduled job ID: {}",
            removed.id
        )])
    }

    fn moments(&self, next: &NextMoments, own: Option<&TimeZone>) -> String {
        document(moment::table(next, own, self.width).into_iter().skip(1))
    }

    fn moments_heading(&self, next: &NextMoments, own: Option<&TimeZone>) -> Option<String> {
        moment::table(next, own, self.width).into_iter().next()
    }

    fn firings(&self, firings: &[Firing]) -> String {
        document(firing::table(firings, self.width).into_iter().skip(1))
    }

    fn firings_heading(&self, firings: &[Firing]) -> Option<String> {
        firing::table(firings, self.width).into_iter().next()
    }
}

/// The table of `schedule list`, its heading first.
fn table(schedules: &[Schedule], width: Option<usize>) -> Vec<String> {
    const COLUMNS: [Column; 5] = [
        Column::whole(40),
        Column::cut(30),
        Column::cut(20),
        Column::cut(0),
        Column::cut(0),
    ];
    let heading = ["ID", "PROC NAME", "GROUP NAME", "TAGS", "NEXT"].map(str::to_owned);
    let row = |schedule: &Schedule| {
        [
            schedule.id.to_string(),
            visible(&schedule.job_name).into_owned(),
            visible(&schedule.group).into_owned(),
            visible(&schedule.tags).into_owned(),
            visible(&next(schedule)).into_owned(),
        ]
    };
    let rows: Vec<_> = std::iter::once(heading)
        .chain(schedules.iter().map(row))
        .collect();
    table::lines(&COLUMNS, &rows, width)
}

/// When it fires next, or why it does not.
fn next(schedule: &Schedule) -> String {
    match (&schedule.held, schedule.next_at) {
        _ if schedule.paused => "paused".to_owned(),
        // The service begins with the word.
        (Some(why), _) => why.clone(),
        (None, Some(at)) => second(at),
        (None, None) => "none".to_owned(),
    }
}

/// The rows of `schedule describe`.
fn describe(text: &Text, schedule: &Schedule) -> String {
    let row = |name: &str, value: &str| text.row(name, &visible(value));
    let mut lines = vec![
        row("ID", &schedule.id.to_string()),
        row("PROC NAME", &schedule.job_name),
        row("GROUP NAME", &schedule.group),
        row("TAGS", &schedule.tags),
        row("Cron", &schedule.cron),
        row("Notifier", &schedule.notification_emails),
    ];
    for (name, value) in extras(schedule) {
        lines.push(row(name, &value));
    }
    lines.push(format!("\n{}", "Args".magenta()));
    for (name, value) in &schedule.args {
        lines.push(row(&visible(name), value));
    }
    document(lines)
}

fn extras(schedule: &Schedule) -> Vec<(&'static str, String)> {
    let jitter = Some(schedule.jitter_seconds).filter(|seconds| *seconds > 0);
    let rows = [
        ("At", schedule.at.map(second)),
        ("Time Zone", Some(schedule.time_zone.clone())),
        ("Next", Some(next(schedule))),
        ("Not Before", schedule.not_before.map(second)),
        ("Not After", schedule.not_after.map(second)),
        ("Overlap", Some(overlap(schedule.overlap).to_owned())),
        ("Misfire", Some(misfire(schedule))),
        (
            "Misfire After",
            Some(format!("{} s", schedule.misfire_after)),
        ),
        ("Jitter", jitter.map(|seconds| format!("{seconds} s"))),
        ("Notify On", Some(notify_on(schedule.notify_on).to_owned())),
        ("Owner", Some(schedule.user_email.clone())),
        ("Created At", Some(second(schedule.created_at))),
        ("Updated At", Some(second(schedule.updated_at))),
    ];
    let said = |(name, value): (&'static str, Option<String>)| Some((name, value?));
    rows.into_iter()
        .filter_map(said)
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn overlap(overlap: Overlap) -> &'static str {
    match overlap {
        Overlap::Allow => "allow",
        Overlap::Forbid => "forbid",
        Overlap::Replace => "replace",
    }
}

fn misfire(schedule: &Schedule) -> String {
    match (schedule.misfire, schedule.misfire_limit) {
        (Misfire::Skip, _) => "skip".to_owned(),
        (Misfire::Once, _) => "once".to_owned(),
        (Misfire::All, None) => "all".to_owned(),
        (Misfire::All, Some(limit)) => format!("all, at most {limit}"),
    }
}

fn notify_on(ends: NotifyOn) -> &'static str {
    match ends {
        NotifyOn::Always => "always",
        NotifyOn::Failure => "failure",
    }
}
