use jiff::Timestamp;
use jiff::tz::TimeZone;
use proctor_cron::{DaylightSaving, Expression, Moment, Schedule, Window, time_zone};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn instants(moments: &[Moment]) -> Vec<String> {
    moments
        .iter()
        .map(|moment| moment.instant.to_string())
        .collect()
}

fn schedule(expression: &str, window: Window) -> Schedule {
    Schedule::recurring(
        Expression::parse(expression).unwrap(),
        TimeZone::UTC,
        window,
    )
}

#[test]
fn both_ends_of_a_window_belong_to_it() {
    let window = Window::new(
        Some(at("2026-01-01T02:00:00Z")),
        Some(at("2026-01-01T04:00:00Z")),
    )
    .unwrap();
    let hourly = schedule("@hourly", window);

    let moments = hourly.moments_between(at("2025-01-01T00:00:00Z"), Timestamp::MAX, 9);

    assert_eq!(
        instants(&moments),
        [
            "2026-01-01T02:00:00Z",
            "2026-01-01T03:00:00Z",
            "2026-01-01T04:00:00Z"
        ]
    );
    assert_eq!(hourly.count_between(Timestamp::MIN, Timestamp::MAX), 3);
    assert_eq!(hourly.next_after(at("2026-01-01T04:00:00Z")), None);
}

#[test]
fn a_window_that_ends_before_it_begins_is_refused() {
    let (early, late) = (at("2026-01-01T02:00:00Z"), at("2026-01-01T04:00:00Z"));

    assert!(Window::new(Some(late), Some(early)).is_err());
    assert!(Window::new(Some(late), Some(late)).is_ok());
}

#[test]
fn one_moment_comes_once() {
    let moment = at("2026-10-25T00:30:00Z");
    let once = Schedule::once(moment, time_zone("Europe/Berlin").unwrap());
    let before = at("2026-10-25T00:29:59Z");

    let found = once.next_after(before).unwrap();

    assert_eq!(found.instant, moment);
    assert_eq!(found.local.to_string(), "2026-10-25T02:30:00");
    assert_eq!(once.next_after(moment), None);
    assert_eq!(once.count_between(before, moment), 1);
    assert_eq!(once.count_between(moment, Timestamp::MAX), 0);
}

#[test]
fn the_newest_are_found_behind_a_long_stretch() {
    let minutely = schedule("* * * * *", Window::default());
    let (after, until) = (at("2016-01-01T00:00:00Z"), at("2026-01-01T00:00:30Z"));

    let newest = minutely.newest_between(after, until, 2);

    assert_eq!(
        instants(&newest),
        ["2025-12-31T23:59:00Z", "2026-01-01T00:00:00Z"]
    );
    // Ten years with three leap days.
    assert_eq!(minutely.count_between(after, until), 3653 * 24 * 60);
    assert_eq!(minutely.newest_between(until, until, 2), []);
    assert_eq!(minutely.newest_between(after, until, 0), []);
}

#[test]
fn the_rarest_day_is_found_and_all_of_time_is_counted() {
    let rare = Schedule::recurring(
        Expression::parse("0 0 29 2 */7").unwrap(),
        time_zone("Europe/Berlin").unwrap(),
        Window::default(),
    );

    let next = rare.next_after(at("2088-03-01T00:00:00Z")).unwrap();

    assert_eq!(next.local.to_string(), "2128-02-29T00:00:00");
    // Thirteen times in each cycle of 400 years.
    let cycle = (at("2000-01-01T00:00:00Z"), at("2400-01-01T00:00:00Z"));
    assert_eq!(rare.count_between(cycle.0, cycle.1), 13);
    assert_eq!(rare.next_after(at("5000-01-01T00:00:00Z")), None);
}

#[test]
fn a_moved_moment_says_the_first_time_that_is_missing() {
    let zone = time_zone("Europe/Berlin").unwrap();
    let expression = Expression::parse("15,45 2,3 * * *").unwrap();
    let twice_an_hour = Schedule::recurring(expression, zone, Window::default());

    let moved = twice_an_hour
        .next_after(at("2026-03-29T00:00:00Z"))
        .unwrap();

    assert_eq!(moved.instant, at("2026-03-29T01:00:00Z"));
    let from = "2026-03-29T02:15:00".parse().unwrap();
    assert_eq!(moved.daylight_saving, DaylightSaving::Moved { from });
}
