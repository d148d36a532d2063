//! Executions for people: where one stands, where its time went, and many of them as a table.

use std::time::Duration;

use jiff::Timestamp;
use owo_colors::OwoColorize as _;
use proctor_api::{Execution, LateOutcome, LimitOf, Queue, Transition};

use crate::escape::visible;
use crate::output::table::{self, Column};
use crate::output::text::{Text, document};

/// The rows of `status`.
pub fn status(text: &Text, execution: &Execution) -> String {
    let row = |name: &str, value: &str| text.row(name, value);
    let mut lines = vec![
        row("ID", &execution.id.to_string()),
        row("Job Name", &visible(&execution.job_name)),
        row("Status", execution.status.as_str()),
        row("Updated At", &second(execution.updated_at)),
    ];
    for (name, value) in extras(execution) {
        lines.push(row(name, &visible(&value)));
    }
    if !execution.args.is_empty() {
        lines.push(format!("\n{}", "Args".magenta()));
    }
    for (name, value) in &execution.args {
        lines.push(row(&visible(name), &visible(value)));
    }
    lines.extend(where_the_time_went(text, &execution.transitions));
    document(lines)
}

/// What `execute --detach` and `stop` answer.
pub fn receipt(text: &Text, execution: &Execution) -> String {
    let row = |name: &str, value: &str| text.row(name, value);
    document([
        row("ID", &execution.id.to_string()),
        row("Name", &visible(&execution.name)),
        row("Status", execution.status.as_str()),
    ])
}

/// The table of `history`, its heading first.
pub fn history(executions: &[Execution], width: Option<usize>) -> Vec<String> {
    const COLUMNS: [Column; 6] = [
        Column::whole(17),
        Column::whole(19),
        Column::whole(20),
        Column::number(9),
        Column::cut(32),
        Column::cut(0),
    ];
    let heading = ["ID", "STATUS", "CREATED", "RAN", "PROC", "USER"].map(str::to_owned);
    let row = |execution: &Execution| {
        [
            execution.id.to_string(),
            execution.status.to_string(),
            second(execution.created_at),
            duration(execution.started_at, execution.finished_at),
            visible(&execution.job_name).into_owned(),
            visible(&execution.user_email).into_owned(),
        ]
    };
    let rows: Vec<_> = std::iter::once(heading)
        .chain(executions.iter().map(row))
        .collect();
    table::lines(&COLUMNS, &rows, width)
}

fn extras(execution: &Execution) -> Vec<(&'static str, String)> {
    let said = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let stop = execution.stop_requested.as_ref();
    let [waits, queued] = waiting(execution);
    let rows = [
        ("Reason", execution.reason.clone()),
        waits,
        queued,
        (
            "Exit Code",
            execution.exit_code.map(|code| code.to_string()),
        ),
        ("Signal", execution.signal.map(|signal| signal.to_string())),
        (
            "Stop Asked By",
            stop.map(|stop| format!("{} at {}", stop.by, second(stop.at))),
        ),
        ("Late Outcome", execution.late_outcome.as_ref().map(late)),
        ("ID in Version 2", execution.v2_id.clone()),
        ("User", said(&execution.user_email)),
        ("Name", said(&execution.name)),
        ("Image", said(&execution.image_tag)),
        ("Runner", execution.runner.clone()),
        ("Created At", Some(second(execution.created_at))),
        ("Started At", execution.started_at.map(second)),
        ("Finished At", execution.finished_at.map(second)),
        ("Callback", execution.callback_url.clone()),
    ];
    given(rows)
}

/// What it waits for, with the names of the rows that tell it.
pub fn waits(execution: &Execution) -> Vec<(&'static str, String)> {
    given(waiting(execution))
}

fn waiting(execution: &Execution) -> [(&'static str, Option<String>); 2] {
    let queue = execution.queue.as_ref();
    [
        ("Waits", execution.waiting.clone()),
        (
            "Queued",
            queue.map(|queue| place(queue, &execution.job_name)),
        ),
    ]
}

/// The rows that have something to tell.
fn given(
    rows: impl IntoIterator<Item = (&'static str, Option<String>)>,
) -> Vec<(&'static str, String)> {
    let given = |(name, value)| Some((name, value?));
    rows.into_iter().filter_map(given).collect()
}

/// How it ended after all, in one line.
fn late(late: &LateOutcome) -> String {
    let how = match (late.exit_code, late.signal) {
        (Some(code), _) => format!(", exit code {code}"),
        (None, Some(signal)) => format!(", signal {signal}"),
        (None, None) => String::new(),
    };
    let reason = late.reason.as_deref().map(|reason| format!(" ({reason})"));
    let (status, reason) = (late.status, reason.unwrap_or_default());
    format!("{status}{how}{reason} at {}", second(late.at))
}

/// Its place in the queue, with the limit that it waits for.
fn place(queue: &Queue, proc_name: &str) -> String {
    let place = format!("{} of {}", ordinal(queue.position), queue.length);
    match &queue.limit {
        None => format!("{place}, its turn has come"),
        Some(limit) => {
            let max = limit.max_concurrent;
            match limit.of {
                LimitOf::Proc => format!("{place} for {proc_name} (max_concurrent {max})"),
                LimitOf::Installation => {
                    format!("{place} of all procs (PROCTOR_MAX_CONCURRENT {max})")
                }
            }
        }
    }
}

fn ordinal(number: u64) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// Each status with the time it was reached and how long it lasted.
fn where_the_time_went(text: &Text, transitions: &[Transition]) -> Vec<String> {
    let mut lines = Vec::new();
    if !transitions.is_empty() {
        lines.push(format!("\n{}", "Statuses".magenta()));
    }
    for (index, transition) in transitions.iter().enumerate() {
        let next = transitions.get(index + 1).map(|next| next.at);
        let lasted = duration(Some(transition.at), next);
        let reason = transition.reason.as_deref().unwrap_or_default();
        let value = format!("{} {lasted:>9}  {}", second(transition.at), visible(reason));
        lines.push(text.row(transition.status.as_str(), &value));
    }
    lines
}

/// A time to the second, as RFC 3339.
pub(super) fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// How long it was from one moment to the other; empty if one of them has not come.
fn duration(from: Option<Timestamp>, to: Option<Timestamp>) -> String {
    let (Some(from), Some(to)) = (from, to) else {
        return String::new();
    };
    let lasted = Duration::try_from(to.duration_since(from)).unwrap_or_default();
    let secs = lasted.as_secs();
    match secs {
        0..60 => format!("{:.1} s", lasted.as_secs_f64()),
        60..3600 => format!("{}m{:02}s", secs / 60, secs % 60),
        _ => format!("{}h{:02}m", secs / 3600, secs % 3600 / 60),
    }
}
