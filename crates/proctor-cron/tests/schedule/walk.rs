use jiff::civil::date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use proctor_cron::{Expression, Schedule, Window, time_zone};
use proptest::prelude::*;

use crate::reference::Reference;

/// Zones, and two changes of the clock in each.
const CHANGES: [(&str, [&str; 2]); 6] = [
    (
        "Europe/Berlin",
        ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"],
    ),
    (
        "America/New_York",
        ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"],
    ),
    (
        "Australia/Lord_Howe",
        ["2026-04-04T15:00:00Z", "2026-10-03T15:30:00Z"],
    ),
    (
        "Pacific/Apia",
        ["2011-09-24T14:00:00Z", "2011-12-30T10:00:00Z"],
    ),
    (
        "America/Sao_Paulo",
        ["2018-02-18T02:00:00Z", "2018-11-04T03:00:00Z"],
    ),
    (
        "Africa/Casablanca",
        ["2026-02-15T02:00:00Z", "2026-03-22T02:00:00Z"],
    ),
];

fn part(min: u32, max: u32) -> impl Strategy<Value = String> {
    let ends = move || (min..=max, min..=max).prop_map(|(a, b)| (a.min(b), a.max(b)));
    prop_oneof![
        4 => (min..=max).prop_map(|value| value.to_string()),
        2 => ends().prop_map(|(low, high)| format!("{low}-{high}")),
        1 => (ends(), 1..20).prop_map(|((low, high), step)| format!("{low}-{high}/{step}")),
        1 => (min..=max, 1..20).prop_map(|(low, step)| format!("{low}/{step}")),
        1 => (1..20).prop_map(|step| format!("*/{step}")),
        1 => Just("?".to_owned()),
    ]
}

fn field(min: u32, max: u32, star: u32) -> impl Strategy<Value = String> {
    let parts = prop::collection::vec(part(min, max), 1..=3);
    prop_oneof![
        star => Just("*".to_owned()),
        6 => parts.prop_map(|parts| parts.join(",")),
    ]
}

/// A gap mostly ends on a full hour.
fn minute() -> impl Strategy<Value = String> {
    prop_oneof![1 => Just("0".to_owned()), 1 => Just("0,30".to_owned()), 4 => field(0, 59, 1)]
}

/// Hours are mostly those in which clocks are changed.
fn hour() -> impl Strategy<Value = String> {
    let near = prop::collection::vec(0..5u32, 1..=3);
    let near = near.prop_map(|hours| {
        hours
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join(",")
    });
    prop_oneof![4 => near, 1 => Just("23,0".to_owned()), 3 => field(0, 23, 2)]
}

fn fields() -> impl Strategy<Value = [String; 5]> {
    let days = (field(1, 31, 12), field(1, 12, 60), field(0, 6, 12));
    (minute(), hour(), days)
        .prop_map(|(minute, hour, (day, month, weekday))| [minute, hour, day, month, weekday])
}

/// The schedule of these fields; none if no day has them.
fn schedule(fields: &[String; 5], zone: &TimeZone) -> Option<Schedule> {
    match Expression::parse(&fields.join(" ")) {
        Ok(expression) => Some(Schedule::recurring(
            expression,
            zone.clone(),
            Window::default(),
        )),
        Err(error) => {
            assert!(
                error.to_string().starts_with("no year has such a day"),
                "{error}"
            );
            None
        }
    }
}

fn agree(fields: &[String; 5], zone: &str, change: &str, minutes: i64) {
    let zone = time_zone(zone).unwrap();
    let Some(schedule) = schedule(fields, &zone) else {
        return;
    };
    let change: Timestamp = change.parse().unwrap();
    let after = change - SignedDuration::from_mins(minutes);
    let until = after + SignedDuration::from_hours(60);
    let wanted = Reference::of(fields).moments(&zone, after, until);

    let instants = |moments: Vec<proctor_cron::Moment>| -> Vec<Timestamp> {
        moments.iter().map(|moment| moment.instant).collect()
    };
    let found = instants(schedule.moments_between(after, until, usize::MAX));
    let newest = instants(schedule.newest_between(after, until, 5));

    let case = format!("{fields:?} in {zone:?} after {after}");
    assert_eq!(found, wanted, "{case}");
    assert_eq!(
        schedule.count_between(after, until),
        wanted.len() as u64,
        "{case}"
    );
    assert_eq!(newest, wanted[wanted.len().saturating_sub(5)..], "{case}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_walk_through_real_time_finds_the_same_moments(fields in fields(), minutes in 0..2000i64) {
        for (zone, changes) in CHANGES {
            for change in changes {
                agree(&fields, zone, change, minutes);
            }
        }
    }

    #[test]
    fn a_walk_through_eight_years_finds_the_same_days(
        day in field(1, 31, 3), month in field(1, 12, 1), weekday in field(0, 6, 3),
    ) {
        let fields = ["0".to_owned(), "0".to_owned(), day, month, weekday];
        let reference = Reference::of(&fields);
        let midnights = date(2021, 1, 1).series(jiff::ToSpan::days(1)).take(8 * 365);
        let wanted: Vec<_> = midnights
            .map(|day| day.at(0, 0, 0, 0))
            .filter(|midnight| reference.matches(*midnight))
            .collect();

        let after: Timestamp = "2020-12-31T23:59:00Z".parse().unwrap();
        let until = after + SignedDuration::from_hours(8 * 365 * 24);
        let found: Vec<_> = schedule(&fields, &TimeZone::UTC)
            .map(|schedule| schedule.moments_between(after, until, usize::MAX))
            .unwrap_or_default()
            .iter()
            .map(|moment| moment.local)
            .collect();

        prop_assert_eq!(found, wanted);
    }
}
