use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, Zoned};
use proctor_cron::{DaylightSaving, Expression, Schedule, Window, time_zone};

/// `2026-03-29 02:30`, with `+02:00` behind it where the zone alone does not say which instant it is.
fn instant(text: &str, zone: &TimeZone) -> Timestamp {
    let (local, offset) = match text.len() {
        22 => text.split_at(16),
        _ => (text, ""),
    };
    let local: DateTime = local.parse().unwrap();
    if offset.is_empty() {
        return zone
            .to_ambiguous_zoned(local)
            .unambiguous()
            .unwrap()
            .timestamp();
    }
    let zoned: Zoned = format!("{local}{offset}[{offset}]").parse().unwrap();
    zoned.timestamp()
}

/// A moment as the table writes it; the offset always.
fn shown(local: DateTime, offset: Offset, change: DaylightSaving) -> String {
    let word = match change {
        DaylightSaving::Unaffected => "",
        DaylightSaving::Moved { .. } => " moved",
        DaylightSaving::FirstPass => " first",
        DaylightSaving::SecondPass => " second",
    };
    let minutes = offset.seconds() / 60;
    let (sign, minutes) = (if minutes < 0 { '-' } else { '+' }, minutes.abs());
    let local = local.strftime("%Y-%m-%d %H:%M");
    format!("{local}{sign}{:02}:{:02}{word}", minutes / 60, minutes % 60)
}

/// The moments of a line, each with its day and its offset.
fn wanted(moments: &str) -> Vec<String> {
    let mut day = "";
    let mut wanted = Vec::new();
    for moment in moments.split(", ") {
        let mut time = moment;
        if moment.as_bytes()[4] == b'-' {
            (day, time) = moment.split_at(10);
        }
        let time = time.trim_start();
        let offset = if time.len() == 5 { "+00:00" } else { "" };
        wanted.push(format!("{day} {time}{offset}"));
    }
    wanted
}

#[test]
fn every_line_of_the_table_has_its_moments() {
    let mut lines = 0;
    let mut wrong = Vec::new();
    for line in include_str!("moments.txt").lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let parts: Vec<&str> = line.split(" | ").collect();
        let [expression, zone, from, moments] = parts[..] else {
            panic!("{line} has {} parts", parts.len());
        };
        let zone = time_zone(zone).unwrap();
        let from = instant(from, &zone);
        let expression = Expression::parse(expression).unwrap();
        let schedule = Schedule::recurring(expression, zone, Window::default());
        let wanted = wanted(moments);

        let moments = schedule.moments_between(from, Timestamp::MAX, wanted.len());
        let last = moments.last().unwrap().instant;
        let count = schedule.count_between(from, last);
        let found: Vec<String> = moments
            .iter()
            .map(|moment| shown(moment.local, moment.offset, moment.daylight_saving))
            .collect();

        if found != wanted || count != wanted.len() as u64 {
            wrong.push(format!(
                "{line}\n  wanted {wanted:?}\n  found  {found:?}, counted {count}"
            ));
        }
        lines += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(lines >= 200, "only {lines} lines were read");
}
