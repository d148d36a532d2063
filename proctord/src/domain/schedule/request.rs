//! What a request for a schedule must be. The checks of version 2 come first, in its order and with its texts, because
//! its clients show the first one; whoever reads JSON is told everything at once.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use jiff::Timestamp;
use proctor_api::{Misfire, Mistake, ScheduleRequest};
use proctor_cron::{Expression, ExpressionError, Window, time_zone};
use regex::Regex;

use super::definition::{Definition, JITTER_LIMIT, MISFIRE_AFTER_LIMIT, MisfireRule, Timing};
use crate::domain::name::ProcName;

/// Until when a moment is no more than late, unless the request says otherwise.
const MISFIRE_AFTER: u32 = 60;
/// The most bytes of tags, a group, or a list of addresses.
const TEXT_LIMIT: usize = 4096;

/// Those of an expression as it is stored and answered, with the second in front.
const STORED_FIELDS: usize = 6;

/// Version 2's rule for addresses.
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    const LABEL: &str = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?";
    let pattern = format!(r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{LABEL}(?:\.{LABEL})*$");
    Regex::new(&pattern).expect("a test reads the pattern")
});

/// The most bytes of an address, and of what is before its `@`, as mail has them.
const ADDRESS_LIMIT: usize = 254;
const LOCAL_PART_LIMIT: usize = 64;

/// The most bytes of an expression.
const CRON_LIMIT: usize = 1024;

/// Moments are before it, the year 9999, so that what is added to one is still a time.
const LATEST: Timestamp = Timestamp::constant(253_370_764_800, 0);

/// Whether mail can be sent to it: by the rule of version 2, and by those of mail that it leaves out.
fn is_address(text: &str) -> bool {
    let Some((local, _)) = text.split_once('@') else {
        return false;
    };
    let has_dots_within = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    ADDRESS.is_match(text)
        && text.len() <= ADDRESS_LIMIT
        && local.len() <= LOCAL_PART_LIMIT
        && has_dots_within
}

/// Why there is no schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Everything that is wrong; never empty.
    pub mistakes: Vec<Mistake>,
    /// What version 2 said to the first of them, or what it would have said.
    pub plain: String,
}

/// What was found wrong so far.
#[derive(Default)]
struct Findings {
    mistakes: Vec<Mistake>,
    plain: Option<String>,
}

impl Findings {
    fn add(&mut self, mistake: Mistake, plain: Option<&str>) {
        let text = plain.map_or_else(|| mistake.to_string(), ToOwned::to_owned);
        self.plain.get_or_insert(text);
        self.mistakes.push(mistake);
    }

    fn say(&mut self, at: &str, message: impl Into<String>) {
        self.add(Mistake::new(at, message), None);
    }

    fn of_version_2(&mut self, at: &str, message: impl Into<String>, plain: &str) {
        self.add(Mistake::new(at, message), Some(plain));
    }
}

/// Reads a request for a schedule of a proc; what hangs on the proc's document is looked at elsewhere. A moment that is
/// over by `now` is none.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read(
    request: &ScheduleRequest,
    proc_name: ProcName,
    default_zone: &str,
    now: Timestamp,
) -> Result<Definition, Refusal> {
    let mut findings = Findings::default();
    if request.tags.is_empty() {
        findings.of_version_2("tags", "are missing", "Schedule tag(s) are missing");
    }
    let timing = timing(request, &mut findings);
    let emails: Vec<_> = request.notification_emails.split(',').collect();
    for email in emails.iter().filter(|email| !is_address(email)) {
        let start: String = email.chars().take(ADDRESS_LIMIT).collect();
        let message = format!("{start:?} is no address");
        findings.of_version_2("notificationEmails", message, "Email is invalid");
    }
    if request.group.is_empty() {
        findings.of_version_2("group", "is missing", "Schedule group is missing");
    }
    let definition = Definition {
        proc_name,
        args: request.args.clone().unwrap_or_default(),
        tags: request.tags.clone(),
        group: request.group.clone(),
        emails: emails.into_iter().map(ToOwned::to_owned).collect(),
        timing: timing.unwrap_or(Timing::Once(now)),
        time_zone: zone(request, default_zone, &mut findings),
        overlap: request.overlap.unwrap_or_default(),
        misfire: misfire(request, &mut findings),
        misfire_after: misfire_after(request, &mut findings),
        jitter_seconds: bounded(
            "jitter_seconds",
            request.jitter_seconds.unwrap_or(0),
            JITTER_LIMIT,
            &mut findings,
        ),
        notify_on: request.notify_on.unwrap_or_default(),
    };
    look_at_lengths(request, &mut findings);
    if findings.mistakes.is_empty() {
        look_ahead(&definition, now, &mut findings);
    }
    match findings.plain {
        None => Ok(definition),
        Some(plain) => Err(Refusal {
            mistakes: findings.mistakes,
            plain,
        }),
    }
}

fn timing(request: &ScheduleRequest, findings: &mut Findings) -> Option<Timing> {
    if let Some(at) = request.at {
        if !request.cron.is_empty() {
            findings.say("at", "cannot stand beside a cron expression");
        }
        if request.not_before.or(request.not_after).is_some() {
            findings.say("at", "cannot stand beside not_before or not_after");
        }
        return Some(Timing::Once(whole_microseconds(at)));
    }
    if let Err(error) = Window::new(request.not_before, request.not_after) {
        findings.say("not_after", format!("is wrong: {error}"));
    }
    match expression(&request.cron) {
        Ok(expression) => Some(Timing::Cron {
            stored: stored(&expression),
            not_before: request.not_before,
            not_after: request.not_after,
        }),
        Err(error) => {
            let plain = "Schedule cron format is invalid";
            findings.of_version_2("cron", format!("is wrong: {error}"), plain);
            None
        }
    }
}

/// With all six fields: one that was left out is said, or what is answered would read as something else when it is sent
/// back.
fn stored(expression: &Expression) -> String {
    let stored = expression.stored();
    match stored.split_ascii_whitespace().count() {
        STORED_FIELDS => stored.to_owned(),
        _ => format!("{stored} *"),
    }
}

/// As a user writes it, or as it is answered: what was read may be sent back.
fn expression(text: &str) -> Result<Expression, ExpressionError> {
    if text.split_ascii_whitespace().count() == STORED_FIELDS && text.starts_with("0 ") {
        return Expression::from_stored(text);
    }
    Expression::parse(text)
}

fn zone(request: &ScheduleRequest, default_zone: &str, findings: &mut Findings) -> String {
    let name = request.time_zone.as_deref().unwrap_or(default_zone);
    if let Err(error) = time_zone(name) {
        findings.say("time_zone", format!("is wrong: {error}"));
    }
    name.to_owned()
}

fn misfire(request: &ScheduleRequest, findings: &mut Findings) -> MisfireRule {
    let limit = request.misfire_limit.unwrap_or(MisfireRule::LIMIT);
    if !(1..=MisfireRule::LIMIT).contains(&limit) {
        let message = format!("must be from 1 to {}", MisfireRule::LIMIT);
        findings.say("misfire_limit", message);
    }
    let rule = request.misfire.unwrap_or_default();
    if request.misfire_limit.is_some() && rule != Misfire::All {
        findings.say("misfire_limit", "means nothing unless misfire is all");
    }
    match rule {
        Misfire::Skip => MisfireRule::Skip,
        Misfire::Once => MisfireRule::Once,
        Misfire::All => MisfireRule::All(limit),
    }
}

/// Nobody notices a moment before it has come: with nothing allowed, all would be missed.
fn misfire_after(request: &ScheduleRequest, findings: &mut Findings) -> u32 {
    let seconds = request.misfire_after.unwrap_or(MISFIRE_AFTER);
    if !(1..=MISFIRE_AFTER_LIMIT).contains(&seconds) {
        findings.say(
            "misfire_after",
            format!("must be from 1 to {MISFIRE_AFTER_LIMIT}"),
        );
    }
    seconds
}

fn bounded(name: &str, seconds: u32, limit: u32, findings: &mut Findings) -> u32 {
    if seconds > limit {
        findings.say(name, format!("must be at most {limit}"));
    }
    seconds
}

fn look_at_lengths(request: &ScheduleRequest, findings: &mut Findings) {
    let texts = [
        ("tags", &request.tags),
        ("group", &request.group),
        ("notificationEmails", &request.notification_emails),
    ];
    if request.cron.len() > CRON_LIMIT {
        findings.say("cron", format!("must be at most {CRON_LIMIT} bytes"));
    }
    for (name, text) in texts {
        if text.len() > TEXT_LIMIT || text.contains('\0') {
            findings.say(
                name,
                format!("must be at most {TEXT_LIMIT} bytes, none of them 0"),
            );
        }
    }
}

/// As finely as stores keep how far a schedule is covered: a moment a little later than that would never be covered.
fn whole_microseconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(moment.as_microsecond()).unwrap_or(moment)
}

/// A schedule without a moment to come is a mistake.
fn look_ahead(definition: &Definition, now: Timestamp, findings: &mut Findings) {
    let place = match &definition.timing {
        Timing::Once(_) => "at",
        Timing::Cron {
            not_before: Some(_),
            not_after: None,
            ..
        } => "not_before",
        Timing::Cron { .. } => "not_after",
    };
    let moments = match definition.moments() {
        Ok(moments) => moments,
        Err(error) => return findings.say("cron", error.to_string()),
    };
    match moments.next_after(now) {
        Some(next) if next.instant < LATEST => {}
        Some(_) => findings.say(place, "leaves no moment before the year 9999"),
        None => findings.say(place, "leaves no moment to come"),
    }
}
