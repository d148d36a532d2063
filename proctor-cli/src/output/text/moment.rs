//! Moments to come for people: what the clock shows then where the schedule is and where they are, and what changes of
//! the clock do to them.

use jiff::Zoned;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use proctor_api::{DaylightSaving, NextMoment, NextMoments};

use crate::escape::visible;
use crate::output::table::{self, Column};

/// The table of `schedule next`, its heading first: the names of the zones. Whose clock shows the same, or is in no zone
/// that is known, has no column of its own.
pub fn table(next: &NextMoments, own: Option<&TimeZone>, width: Option<usize>) -> Vec<String> {
    let differs = |own: &TimeZone, moment: &NextMoment| {
        own.to_offset(moment.at).seconds() != moment.offset_seconds
    };
    let own = own.filter(|own| next.moments.iter().any(|moment| differs(own, moment)));
    let here = visible(&next.time_zone).into_owned();
    match own {
        None => {
            const COLUMNS: [Column; 2] = [Column::whole(27), Column::cut(0)];
            let rows = next
                .moments
                .iter()
                .map(|moment| [there(moment), mark(moment)]);
            let rows: Vec<_> = std::iter::once([here, String::new()]).chain(rows).collect();
            table::lines(&COLUMNS, &rows, width)
        }
        Some(own) => {
            const COLUMNS: [Column; 3] = [Column::whole(27), Column::whole(27), Column::cut(0)];
            let heading = [here, name(own), String::new()];
            let rows = next.moments.iter().map(|moment| {
                let ours = shown(&moment.at.to_zoned(own.clone()));
                [there(moment), ours, mark(moment)]
            });
            let rows: Vec<_> = std::iter::once(heading).chain(rows).collect();
            table::lines(&COLUMNS, &rows, width)
        }
    }
}

fn name(own: &TimeZone) -> String {
    own.iana_name().unwrap_or("here").to_owned()
}

/// What the schedule's clock shows, as the service tells it.
fn there(moment: &NextMoment) -> String {
    let offset = Offset::from_seconds(moment.offset_seconds).unwrap_or(Offset::UTC);
    shown(&moment.at.to_zoned(TimeZone::fixed(offset)))
}

fn shown(at: &Zoned) -> String {
    let format = match at.second() {
        0 => "%a %Y-%m-%d %H:%M %:z",
        _ => "%a %Y-%m-%d %H:%M:%S %:z",
    };
    at.strftime(format).to_string()
}

/// What a change of the clock does to it; empty if nothing.
fn mark(moment: &NextMoment) -> String {
    match moment.daylight_saving {
        None => String::new(),
        Some(DaylightSaving::Skipped { from }) => {
            format!("for {}, which the clock skips", time_of(from, moment.local))
        }
        Some(DaylightSaving::Doubled { pass: 1 }) => "doubled, the first of two".to_owned(),
        Some(DaylightSaving::Doubled { .. }) => "doubled, the second of two".to_owned(),
    }
}

/// The time alone where the day is the same.
fn time_of(meant: DateTime, local: DateTime) -> String {
    let format = if meant.date() == local.date() {
        "%H:%M"
    } else {
        "%Y-%m-%d %H:%M"
    };
    meant.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proctor_api::{DaylightSaving, NextMoment, NextMoments};

    use super::table;

    fn moment(at: &str, local: &str, daylight_saving: Option<DaylightSaving>) -> NextMoment {
        NextMoment {
            at: at.parse().unwrap(),
            local: local.parse().unwrap(),
            offset_seconds: 7200,
            daylight_saving,
        }
    }

    fn moments() -> NextMoments {
        let from = "2026-03-29T02:30".parse().unwrap();
        let skipped = Some(DaylightSaving::Skipped { from });
        let doubled = Some(DaylightSaving::Doubled { pass: 2 });
        NextMoments {
            time_zone: "Europe/Berlin".into(),
            moments: vec![
                moment("2026-03-29T01:00:00Z", "2026-03-29T03:00", skipped),
                moment("2026-10-25T00:30:00Z", "2026-10-25T02:30:00", doubled),
            ],
            ..NextMoments::default()
        }
    }

    #[test]
    fn both_clocks_are_shown_with_what_their_changes_do() {
        let own = TimeZone::get("America/New_York").unwrap();

        assert_eq!(
            table(&moments(), Some(&own), None),
            [
                "Europe/Berlin               America/New_York",
                "Sun 2026-03-29 03:00 +02:00 Sat 2026-03-28 21:00 -04:00 for 02:30, which the clock skips",
                "Sun 2026-10-25 02:30 +02:00 Sat 2026-10-24 20:30 -04:00 doubled, the second of two",
            ]
            .map(str::to_owned)
        );
    }

    #[test]
    fn whose_clock_shows_the_same_sees_one() {
        let own = TimeZone::get("Africa/Johannesburg").unwrap();
        let lines = table(&moments(), Some(&own), None);

        assert_eq!(lines[0], "Europe/Berlin");
        assert_eq!(lines, table(&moments(), None, None));
    }

    #[test]
    fn seconds_are_shown_where_there_are_any() {
        let at = moment("2026-03-29T01:00:07Z", "2026-03-29T03:00:07", None);
        assert_eq!(super::there(&at), "Sun 2026-03-29 03:00:07 +02:00");
    }
}
