use serde_json::json;

use super::{NEEDED, service, told, user};
use crate::run::User;
use crate::stub::{Reply, Stub};
use crate::wire::problem;

const MOMENTS: &str = "
Next moments
Europe/Berlin               America/New_York
Sat 2026-03-28 02:30 +01:00 Fri 2026-03-27 21:30 -04:00
Sun 2026-03-29 03:00 +02:00 Sat 2026-03-28 21:00 -04:00 for 02:30, which the clock skips
";

#[tokio::test]
async fn it_prints_what_version_2_printed_and_then_the_next_moments() {
    let (user, stub) = user().await;

    let words = ["schedule", "report", "DAY=Monday", "-c", "30 2 * * *"];
    let ended = user
        .run(&[&words[..], &NEEDED].concat())
        .await
        .expect_code(0);

    assert_eq!(ended.stdout(), "Scheduled Job UUID : 77\n");
    let asked = format!(
        "{:<40} report\nWith Variables\n{:<40} Monday\n",
        "Creating Scheduled Job", "DAY"
    );
    assert_eq!(ended.stderr, asked + MOMENTS);
    assert_eq!(
        stub.requests()[1].json(),
        json!({
            "jobName": "report", "args": {"DAY": "Monday"}, "cron": "30 2 * * *", "group": "ops", "tags": "nightly",
            "notificationEmails": "ann@example.org",
        })
    );

    let words = ["schedule", "report", "-c", "@daily"];
    let ended = user
        .run(&[&words[..], &NEEDED].concat())
        .await
        .expect_code(0);
    ended.expect_said("With No Variables\n");
}

#[tokio::test]
async fn every_flag_is_a_field_of_the_request() {
    let (user, stub) = user().await;
    let args = user.write("args.yaml", "DAY: Monday\nHOUR: 7\n");

    let words = [
        "schedule",
        "create",
        "report",
        "DAY=Friday",
        "-f",
        &args,
        "--cron",
        "0 8,20 * *",
        "--group",
        "ops",
        "--notify",
        "ann@example.org, bob@example.org",
        "--tags",
        "nightly",
        "--time-zone",
        "europe/berlin",
        "--overlap",
        "forbid",
        "--misfire",
        "all",
        "--misfire-limit",
        "3",
        "--misfire-after",
        "2m",
        "--jitter",
        "30s",
        "--not-before",
        "2026-12-24T18:00",
        "--not-after",
        "2027-01-06T00:00:00Z",
        "--notify-on",
        "failure",
        "--disabled",
    ];
    user.run(&words).await.expect_code(0);

    assert_eq!(
        stub.requests()[1].json(),
        json!({
            "jobName": "report", "args": {"DAY": "Friday", "HOUR": "7"}, "cron": "0 8,20 * *", "group": "ops",
            "notificationEmails": "ann@example.org,bob@example.org", "tags": "nightly", "enabled": false,
            "time_zone": "Europe/Berlin", "overlap": "forbid", "misfire": "all", "misfire_limit": 3,
            "misfire_after": 120, "jitter_seconds": 30, "not_before": "2026-12-24T17:00:00Z",
            "not_after": "2027-01-06T00:00:00Z", "notify_on": "failure",
        })
    );
}

#[tokio::test]
async fn one_moment_needs_no_expression() {
    let (user, stub) = user().await;

    let words = ["schedule", "report", "--at", "2026-12-24T18:00:00+01:00"];
    user.run(&[&words[..], &NEEDED].concat())
        .await
        .expect_code(0);

    let sent = stub.requests()[1].json();
    assert_eq!(sent["at"], "2026-12-24T17:00:00Z");
    assert_eq!(sent["cron"], "");
}

#[tokio::test]
async fn a_proc_that_is_called_like_a_command_is_scheduled_by_create() {
    let (user, stub) = user().await;

    let words = ["schedule", "create", "list", "-c", "@daily"];
    user.run(&[&words[..], &NEEDED].concat())
        .await
        .expect_code(0);
    assert_eq!(stub.requests()[1].json()["jobName"], "list");

    // The word alone is the command, with flags before it the proc.
    user.run(&["schedule", "list"]).await.expect_code(0);
    let words = [&["schedule", "-c", "@daily"], &NEEDED[..], &["list"]].concat();
    user.run(&words).await.expect_code(0);
    let asked: Vec<_> = stub
        .requests()
        .iter()
        .map(|one| one.method.clone())
        .collect();
    assert_eq!(asked, ["GET", "POST", "GET", "GET", "POST"]);
    assert_eq!(stub.requests()[4].json()["jobName"], "list");
}

#[tokio::test]
async fn programs_get_the_answer_alone_and_warnings_are_never_kept_back() {
    let stub = Stub::start(|request| match request.method.as_str() {
        "POST" => {
            let mut told = told();
            told["warnings"] = json!(["nobody is told by mail: \u{1b}[2J"]);
            Reply::Json(201, told)
        }
        _ => service(request),
    })
    .await;
    let user = User::of(&stub);

    let words = ["schedule", "report", "-c", "@daily", "-o", "name"];
    let ended = user
        .run(&[&words[..], &NEEDED].concat())
        .await
        .expect_code(0);

    assert_eq!(ended.stdout(), "77\n");
    assert_eq!(ended.stderr, "nobody is told by mail: \\u{1b}[2J\n");
}

#[tokio::test]
async fn what_the_service_refuses_is_told_with_all_its_mistakes() {
    let words = [&["schedule", "report", "-c", "@daily"], &NEEDED[..]].concat();
    let cases = [
        (
            409,
            json!({"type": "/problems/schedule-alike", "detail": "there is such a schedule"}),
            "there is such a schedule\n",
        ),
        (
            404,
            json!({"type": "/problems/unknown-proc", "detail": "there is no proc report"}),
            "Proctor doesn't support Proc `report`\n",
        ),
        (
            422,
            json!({"detail": "the schedule has mistakes", "mistakes": [{"at": "jitter_seconds", "message": "is too much"}]}),
            "the schedule has mistakes\n  jitter_seconds is too much\n",
        ),
    ];
    for (status, body, text) in cases {
        let stub = Stub::start(move |request| match request.method.as_str() {
            "POST" => problem(status, body.clone()),
            _ => service(request),
        })
        .await;
        let ended = User::of(&stub).run(&words).await.expect_code(1);
        ended.expect_said(text);
        let posts = stub
            .requests()
            .iter()
            .filter(|one| one.method == "POST")
            .count();
        assert_eq!(posts, 1, "a schedule is asked for once");
    }
}
