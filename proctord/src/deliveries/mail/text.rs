//! What stands in a mail: version 2's subject and lines, and what it could not know.

use std::fmt::Write;

use jiff::{SignedDuration, Timestamp};
use proctor_api::Execution;

use crate::deliveries::log_end::LastLines;
use crate::store::MailPayload;

/// A mail, still without addresses.
pub(super) struct Mail {
    pub subject: String,
    pub text: String,
    pub html: String,
}

const GENERATED: &str = "This is an auto-generated email";

/// How an execution ended.
pub(super) fn of(payload: &MailPayload, log: &LastLines) -> Mail {
    let execution = &payload.execution;
    let kind = match payload.schedule {
        Some(_) => "scheduled execution",
        None => "execution",
    };
    let rows = rows(payload);
    Mail {
        subject: format!("{} | {kind} {}", execution.job_name, execution.status),
        text: plain(&rows, log),
        html: html(&rows, log),
    }
}

/// A mail that says that mails come through.
pub(super) fn test(now: Timestamp) -> Mail {
    let text = format!(
        "Mails of Proctor come through. This one was sent at {now:.0} by `proctord mail test`.\n\n{GENERATED}\n"
    );
    Mail {
        subject: "Proctor | test mail".to_owned(),
        html: format!("<p>{}</p>\n", escaped(&text)),
        text,
    }
}

fn rows(payload: &MailPayload) -> Vec<(&'static str, String)> {
    let execution = &payload.execution;
    let moment = |at: Timestamp| format!("{at:.0}");
    let rows = [
        ("Name", Some(execution.job_name.clone())),
        ("Args", Some(args(execution))),
        ("ID", Some(execution.id.to_string())),
        ("Status", Some(execution.status.to_string())),
        ("Schedule", payload.schedule.map(|id| id.to_string())),
        ("Start", execution.started_at.map(moment)),
        ("End", execution.finished_at.map(moment)),
        (
            "Duration",
            duration(execution).map(|time| format!("{time:#}")),
        ),
        (
            "Exit code",
            execution.exit_code.map(|code| code.to_string()),
        ),
        ("Signal", execution.signal.map(|signal| signal.to_string())),
        ("Reason", execution.reason.clone()),
    ];
    rows.into_iter()
        .filter_map(|(name, text)| Some((name, text?)))
        .collect()
}

fn args(execution: &Execution) -> String {
    let pairs = execution.args.iter();
    let pairs: Vec<_> = pairs
        .map(|(name, value)| format!("{name}=\"{value}\""))
        .collect();
    pairs.join(",")
}

fn duration(execution: &Execution) -> Option<SignedDuration> {
    let time = execution.finished_at?.duration_since(execution.started_at?);
    Some(SignedDuration::from_millis(
        i64::try_from(time.as_millis()).unwrap_or(i64::MAX),
    ))
}

fn heading(log: &LastLines) -> &'static str {
    if log.is_complete {
        "Last lines of the log:"
    } else {
        "Last lines of the log, of which something is missing:"
    }
}

fn plain(rows: &[(&'static str, String)], log: &LastLines) -> String {
    let mut text = "Proc execution details:\n\n".to_owned();
    for (name, value) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{name}:\t{value}");
    }
    if !log.lines.is_empty() {
        let _ = write!(text, "\n{}\n\n{}", heading(log), printable(&log.lines));
    }
    let _ = write!(text, "\n\n{GENERATED}\n");
    text
}

fn html(rows: &[(&'static str, String)], log: &LastLines) -> String {
    let mut html =
        "<!DOCTYPE html>\n<html><body>\n<p>Proc execution details:</p>\n<table>\n".to_owned();
    for (name, value) in rows {
        let _ = writeln!(
            html,
            "<tr><th align=\"left\">{name}</th><td>{}</td></tr>",
            escaped(value)
        );
    }
    html.push_str("</table>\n");
    if !log.lines.is_empty() {
        let lines = escaped(&printable(&log.lines));
        let _ = write!(html, "<p>{}</p>\n<pre>{lines}</pre>\n", heading(log));
    }
    let _ = write!(html, "<p>{GENERATED}</p>\n</body></html>\n");
    html
}

/// Without what a terminal would act upon.
fn printable(text: &str) -> String {
    let plain = |c: char| {
        if c.is_control() && c != '\n' && c != '\t' {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.replace("\r\n", "\n").chars().map(plain).collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
