use serde_json::json;

use crate::run::User;
use crate::stub::{Reply, Stub};
use crate::wire::audit_row;

#[tokio::test]
async fn the_audit_trail_is_a_table_that_nobody_s_words_break() {
    let stub = Stub::start(|_| {
        let mut refused = audit_row();
        refused["who"] = "".into();
        refused["action"] = "access.refused".into();
        refused["result"] = "refused".into();
        refused["target"] = "401".into();
        refused["count"] = 17.into();
        let mut wicked = audit_row();
        wicked["target"] = "a\u{1b}[31m\nb".into();
        Reply::Json(200, json!({"rows": [audit_row(), refused, wicked]}))
    })
    .await;

    let ended = User::of(&stub).run(&["audit"]).await.expect_code(0);

    let heading = "AT                   WHO              ACTION             RESULT  TARGET                   SOURCE";
    assert!(ended.stderr.contains(heading), "{}", ended.stderr);
    assert_eq!(
        ended.stdout().lines().collect::<Vec<_>>(),
        [
            "2026-11-20T10:00:00Z ann@example.org  secret.set         done    say-hello/TOKEN          192.0.2.1",
            "2026-11-20T10:00:00Z                  access.refused     refused 401 (17 times)           192.0.2.1",
            r"2026-11-20T10:00:00Z ann@example.org  secret.set         done    a\u{1b}[31m\nb           192.0.2.1",
        ]
    );
}

#[tokio::test]
async fn every_filter_is_asked_for_and_pages_are_followed() {
    let stub = Stub::start(|request| {
        let count = if request.before == 0 { 500 } else { 2 };
        let rows = vec![audit_row(); count];
        Reply::Json(200, json!({"rows": rows, "next_cursor": "more"}))
    })
    .await;
    let words = [
        "audit",
        "--who",
        "ann@example.org",
        "--action",
        "secret.set",
        "--target",
        "say-hello/TOKEN",
        "--source",
        "192.0.2.1",
        "--result",
        "done",
        "--since",
        "2026-01-31T12:00:00Z",
        "--until",
        "2026-02-01T12:00:00Z",
        "--limit",
        "502",
        "-o",
        "name",
    ];

    let ended = User::of(&stub).run(&words).await.expect_code(0);

    assert_eq!(ended.stdout(), "7\n".repeat(502));
    let filters = "who=ann%40example.org&action=secret.set&target=say-hello%2FTOKEN&source=192.0.2.1&result=done\
                   &since=2026-01-31T12%3A00%3A00Z&until=2026-02-01T12%3A00%3A00Z";
    let targets: Vec<String> = stub
        .requests()
        .iter()
        .map(|one| one.target.clone())
        .collect();
    assert_eq!(
        targets,
        [
            format!("/audit?limit=500&{filters}"),
            format!("/audit?limit=2&{filters}&cursor=more"),
        ]
    );
}

#[tokio::test]
async fn an_empty_trail_says_so() {
    let stub = Stub::start(|_| Reply::Json(200, json!({"rows": []}))).await;

    let ended = User::of(&stub)
        .run(&["audit", "--since", "2h"])
        .await
        .expect_code(0)
        .expect_said("Nothing found in the audit trail");

    assert_eq!(ended.stdout(), "");
}
