//! Requests that are taken, and everything that is wrong with those that are not.

use jiff::Timestamp;
use proctor_api::{Misfire, Overlap, ScheduleRequest};

use super::super::{Definition, MisfireRule, Refusal, Timing};
use super::{ADDRESS, read};

fn now() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

fn request() -> ScheduleRequest {
    ScheduleRequest {
        job_name: "report".into(),
        tags: "nightly".into(),
        cron: "30 9 * * mon-fri".into(),
        notification_emails: "ann@example.com,bob@example.com".into(),
        group: "ops".into(),
        ..ScheduleRequest::default()
    }
}

fn once(at: &str) -> ScheduleRequest {
    ScheduleRequest {
        cron: String::new(),
        at: Some(at.parse().unwrap()),
        ..request()
    }
}

fn take(request: &ScheduleRequest) -> Result<Definition, Refusal> {
    read(request, "report".parse().unwrap(), "Europe/Berlin", now())
}

fn plain(change: impl FnOnce(&mut ScheduleRequest)) -> String {
    let mut request = request();
    change(&mut request);
    take(&request).unwrap_err().plain
}

#[test]
fn what_is_left_out_has_a_default() {
    let taken = take(&request()).unwrap();

    assert_eq!(taken.time_zone, "Europe/Berlin");
    assert_eq!(taken.overlap, Overlap::Allow);
    assert_eq!(taken.misfire, MisfireRule::Once);
    assert_eq!((taken.misfire_after, taken.jitter_seconds), (60, 0));
    assert_eq!(taken.emails, ["ann@example.com", "bob@example.com"]);
    let Timing::Cron { stored, .. } = taken.timing else {
        panic!("it has an expression")
    };
    assert_eq!(stored, "0 30 9 * * mon-fri");
}

#[test]
fn of_several_mistakes_version_2_tells_the_first_of_its_own_order() {
    let nothing = |request: &mut ScheduleRequest| *request = ScheduleRequest::default();

    assert_eq!(plain(nothing), "Schedule tag(s) are missing");
    let wrong = |request: &mut ScheduleRequest| {
        *request = ScheduleRequest {
            tags: "a".into(),
            ..ScheduleRequest::default()
        };
    };
    assert_eq!(plain(wrong), "Schedule cron format is invalid");
    assert_eq!(
        plain(|it| it.notification_emails = "ann".into()),
        "Email is invalid"
    );
    assert_eq!(plain(|it| it.group.clear()), "Schedule group is missing");
    assert_eq!(
        take(&ScheduleRequest::default())
            .unwrap_err()
            .mistakes
            .len(),
        4
    );
}

#[test]
fn addresses_are_those_of_version_2() {
    for good in ["a@b", "a.b+c@example.com", "x!#$%&'*+/=?^_`{|}~-@a-b.c"] {
        assert!(ADDRESS.is_match(good), "{good}");
    }
    for bad in [
        "", " a@b", "a@b ", "a@", "@b", "a@-b", "a@b..c", "a b@c", "a@b\n",
    ] {
        assert!(!ADDRESS.is_match(bad), "{bad:?}");
    }
}

#[test]
fn seconds_are_refused_but_for_the_one_that_is_answered() {
    let cron = |cron: &str| {
        let mut request = request();
        request.cron = cron.into();
        take(&request).map(|taken| taken.timing)
    };

    assert_eq!(cron("0 30 9 * * mon-fri"), cron("30 9 * * mon-fri"));
    assert_eq!(cron("0 9 * *"), cron("0 9 * * *"));
    for bad in [
        "5 30 9 * * mon-fri",
        "*/5 30 9 * * *",
        "0 0 30 9 * * 1",
        "61 * * * *",
        "",
    ] {
        assert!(cron(bad).is_err(), "{bad}");
    }
}

#[test]
fn one_moment_stands_alone_and_is_still_to_come() {
    let taken = take(&once("2026-11-21T12:00:01.123456789Z")).unwrap();
    let kept = "2026-11-21T12:00:01.123456Z".parse().unwrap();
    assert_eq!(taken.timing, Timing::Once(kept));
    let over = take(&once("2026-11-21T12:00:00Z")).unwrap_err();
    assert_eq!(over.plain, "at leaves no moment to come");
    let mut both = once("2026-11-21T12:00:01Z");
    both.cron = "* * * * *".into();
    both.not_after = Some(now());
    assert_eq!(take(&both).unwrap_err().mistakes.len(), 2);
}

#[test]
fn numbers_and_names_have_their_bounds() {
    let mut request = request();
    request.misfire = Some(Misfire::All);
    request.misfire_limit = Some(101);
    request.misfire_after = Some(86_401);
    request.jitter_seconds = Some(86_401);
    request.time_zone = Some("Mars/Olympus".into());
    request.not_before = Some(now());
    request.not_after = Some("2026-11-20T12:00:00Z".parse().unwrap());

    let told = take(&request).unwrap_err().mistakes;

    let places: Vec<_> = told.iter().map(|mistake| mistake.at.as_str()).collect();
    let expected = [
        "not_after",
        "time_zone",
        "misfire_limit",
        "misfire_after",
        "jitter_seconds",
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_moment_may_always_be_a_little_late() {
    let mut request = request();
    request.misfire_after = Some(0);

    let told = take(&request).unwrap_err().mistakes;

    assert_eq!(told[0].at, "misfire_after");
    request.misfire_after = Some(1);
    assert_eq!(take(&request).unwrap().misfire_after, 1);
}

#[test]
fn a_window_that_has_closed_leaves_no_moment() {
    let mut request = request();
    request.not_after = Some("2026-11-21T00:00:00Z".parse().unwrap());

    assert_eq!(
        take(&request).unwrap_err().plain,
        "not_after leaves no moment to come"
    );
}

#[test]
fn an_address_is_one_that_mail_has() {
    let local = "a".repeat(64);
    let host = format!("{}.example.org", "b".repeat(60));
    for right in [format!("{local}@example.org"), format!("a.b@{host}")] {
        let mut request = request();
        request.notification_emails = right.clone();
        assert_eq!(take(&request).unwrap().emails, [right]);
    }
    let long_host = vec!["b".repeat(60); 4].join(".");
    let wrong = [
        format!("a{local}@example.org"),
        format!("abcdefghijkl@{long_host}"),
        "..a..@b.c".to_owned(),
        "a.@b.c".to_owned(),
        format!("{}@b.c", "x".repeat(3000)),
    ];
    for wrong in wrong {
        let mut request = request();
        request.notification_emails = wrong.clone();
        let refusal = take(&request).unwrap_err();
        assert_eq!(refusal.plain, "Email is invalid", "{wrong}");
        assert!(refusal.mistakes[0].to_string().len() < 400, "{wrong}");
    }
}

#[test]
fn what_is_added_to_a_moment_is_still_a_time() {
    for at in ["9999-01-01T00:00:00Z", "9999-12-30T22:00:00.999999999Z"] {
        let refusal = take(&once(at)).unwrap_err();
        assert_eq!(refusal.plain, "at leaves no moment before the year 9999");
    }
    let mut late = request();
    late.not_before = Some("9999-12-30T20:00:00Z".parse().unwrap());
    let refusal = take(&late).unwrap_err();
    assert_eq!(refusal.mistakes[0].at, "not_before");
    assert!(take(&once("9998-12-31T23:59:59Z")).is_ok());
}

#[test]
fn an_expression_is_no_longer_than_anybody_needs() {
    let mut long = request();
    long.cron = format!("{}1 * * * *", "0-59,".repeat(250));

    assert_eq!(take(&long).unwrap_err().mistakes[0].at, "cron");
}
