//! What the flags of `schedule create` and `update` make of a request. They are held against each other here, where
//! all of them are known; nothing is sent.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proctor_api::{Misfire, ScheduleRequest};

use crate::cli::{RuleArgs, When, zone_name};
use crate::error::UsageError;

/// Puts what was given into the request; the rest stays. Local times are told by the zone that was given, or by the one
/// that the schedule has.
pub fn apply(
    rules: &RuleArgs,
    zone_before: Option<&TimeZone>,
    request: &mut ScheduleRequest,
) -> Result<(), UsageError> {
    let zone = rules.time_zone.as_ref().or(zone_before);
    if let Some(zone) = &rules.time_zone {
        request.time_zone = Some(zone_name(zone).to_owned());
    }
    apply_moments(rules, zone, request)?;
    if let Some(overlap) = rules.overlap {
        request.overlap = Some(overlap.into());
    }
    if let Some(ends) = rules.notify_on {
        request.notify_on = Some(ends.into());
    }
    request.misfire_after = rules.misfire_after.or(request.misfire_after);
    request.jitter_seconds = rules.jitter.or(request.jitter_seconds);
    apply_misfire(rules, request)
}

fn apply_moments(
    rules: &RuleArgs,
    zone: Option<&TimeZone>,
    request: &mut ScheduleRequest,
) -> Result<(), UsageError> {
    if let Some(cron) = &rules.cron {
        request.cron.clone_from(cron);
        request.at = None;
    }
    if let Some(at) = &rules.at {
        request.at = Some(instant("--at", at, zone)?);
        request.cron.clear();
        // A schedule of one moment has no window.
        (request.not_before, request.not_after) = (None, None);
    }
    if let Some(not_before) = &rules.not_before {
        request.not_before = Some(instant("--not-before", not_before, zone)?);
    }
    if let Some(not_after) = &rules.not_after {
        request.not_after = Some(instant("--not-after", not_after, zone)?);
    }
    match (request.not_before, request.not_after) {
        (Some(from), Some(to)) if to < from => Err(UsageError::Flag {
            flag: "--not-after",
            why: format!("{to} is before {from}, so that there is no moment"),
        }),
        _ => Ok(()),
    }
}

fn apply_misfire(rules: &RuleArgs, request: &mut ScheduleRequest) -> Result<(), UsageError> {
    if let Some(misfire) = rules.misfire {
        request.misfire = Some(misfire.into());
    }
    request.misfire_limit = rules.misfire_limit.or(request.misfire_limit);
    match (request.misfire, rules.misfire_limit) {
        (Some(Misfire::All), _) => {}
        (_, None) => request.misfire_limit = None,
        (_, Some(limit)) => {
            return Err(UsageError::Flag {
                flag: "--misfire-limit",
                why: format!("{limit} means nothing unless --misfire is all"),
            });
        }
    }
    Ok(())
}

fn instant(
    flag: &'static str,
    when: &When,
    zone: Option<&TimeZone>,
) -> Result<Timestamp, UsageError> {
    when.instant(zone).map_err(|error| UsageError::Flag {
        flag,
        why: error.to_string(),
    })
}
