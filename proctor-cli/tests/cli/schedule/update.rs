use serde_json::{Value, json};

use super::user;
use crate::run::User;
use crate::stub::{Reply, Stub};
use crate::wire::schedule;

/// What is sent if nothing is changed.
fn unchanged() -> Value {
    json!({
        "jobName": "report", "args": {"DAY": "Monday"}, "tags": "nightly,ops", "cron": "0 30 2 * * *",
        "notificationEmails": "ann@example.org", "group": "ops", "time_zone": "Europe/Berlin", "overlap": "allow",
        "misfire": "once", "misfire_after": 60, "jitter_seconds": 0, "notify_on": "always",
    })
}

#[tokio::test]
async fn what_is_not_given_stays_as_it_is() {
    let (user, stub) = user().await;

    let words = [
        "schedule",
        "update",
        "77",
        "HOUR=7",
        "--overlap",
        "replace",
        "-T",
        "daily",
    ];
    let ended = user.run(&words).await.expect_code(0);

    let mut wanted = unchanged();
    wanted["args"] = json!({"DAY": "Monday", "HOUR": "7"});
    wanted["overlap"] = "replace".into();
    wanted["tags"] = "daily".into();
    assert_eq!(stub.requests()[1].json(), wanted);
    assert_eq!(
        ended.stdout(),
        format!(
            "{:<40} 77\n{:<40} report\n{:<40} 2026-03-28T01:30:00Z\n",
            "ID", "PROC NAME", "Next"
        )
    );
    ended.expect_said("for 02:30, which the clock skips");
}

#[tokio::test]
async fn one_moment_takes_the_place_of_an_expression_and_the_other_way_round() {
    let mut windowed = schedule();
    windowed["not_before"] = "2026-01-01T00:00:00Z".into();
    let mut once = schedule();
    once["cron"] = "".into();
    once["at"] = "2026-05-01T00:00:00Z".into();
    let cases = [
        (
            windowed.clone(),
            ["--at", "2026-12-24T18:00"],
            json!({"cron": "", "at": "2026-12-24T17:00:00Z"}),
        ),
        (once, ["-c", "@daily"], json!({"cron": "@daily"})),
        (
            windowed,
            ["--no-window", "UP=1"],
            json!({"args": {"DAY": "Monday", "UP": "1"}}),
        ),
    ];
    for (before, flags, fields) in cases {
        let stub = Stub::start(move |_| Reply::Json(200, before.clone())).await;
        let words = [&["schedule", "update", "77"], &flags[..]].concat();
        User::of(&stub).run(&words).await.expect_code(0);

        let mut wanted = unchanged();
        for (name, value) in fields.as_object().unwrap() {
            wanted[name] = value.clone();
        }
        assert_eq!(stub.requests()[1].json(), wanted);
    }
}

#[tokio::test]
async fn a_limit_of_misfires_goes_with_the_rule_that_has_one() {
    let mut all = schedule();
    all["misfire"] = "all".into();
    all["misfire_limit"] = 9.into();
    let stub = Stub::start(move |_| Reply::Json(200, all.clone())).await;
    let user = User::of(&stub);

    let update = ["schedule", "update", "77"];
    let limit = [&update[..], &["--misfire-limit", "3"]].concat();
    user.run(&limit).await.expect_code(0);
    let skip = [&update[..], &["--misfire", "skip"]].concat();
    user.run(&skip).await.expect_code(0);
    let both = [&update[..], &["--misfire", "skip", "--misfire-limit", "3"]].concat();
    user.run(&both).await.expect_code(2);

    let changes: Vec<_> = stub
        .requests()
        .into_iter()
        .filter(|one| one.method == "PUT")
        .collect();
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0].json()["misfire_limit"], 3);
    assert_eq!(changes[1].json()["misfire"], "skip");
    assert_eq!(changes[1].json()["misfire_limit"], Value::Null);
}

#[tokio::test]
async fn an_arg_is_taken_away_that_is_there() {
    let (user, stub) = user().await;

    let words = ["schedule", "update", "77", "--unset", "DAY"];
    user.run(&words).await.expect_code(0);
    assert_eq!(stub.requests()[1].json()["args"], json!({}));
    let words = ["schedule", "update", "77", "--unset", "NIGHT"];
    let ended = user.run(&words).await.expect_code(2);
    ended.expect_said("--unset: NIGHT is no arg of schedule 77");
}

#[tokio::test]
async fn nothing_to_change_is_a_mistake() {
    let (user, stub) = user().await;
    let ended = user.run(&["schedule", "update", "77"]).await.expect_code(2);
    ended.expect_said("nothing to change");
    assert!(stub.requests().is_empty());
}
