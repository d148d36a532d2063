use serde_json::{Value, json};

use super::{service, user};
use crate::run::User;
use crate::stub::{Reply, Stub};
use crate::wire::{problem, schedule};

fn row(name: &str, value: &str) -> String {
    format!("{name:<40} {value}\n")
}

#[tokio::test]
async fn list_has_the_columns_of_version_2_and_what_comes_next() {
    let mut paused = schedule();
    paused["paused"] = true.into();
    let mut held = schedule();
    held["held"] = "held: nobody knows the groups of \u{1b}ann".into();
    let mut over = schedule();
    over["next_at"] = Value::Null;
    let all = json!([schedule(), paused, held, over]);
    let stub = Stub::start(move |_| Reply::Json(200, all.clone())).await;

    let ended = User::of(&stub)
        .run(&["schedule", "list"])
        .await
        .expect_code(0);

    let line = |id: &str, name: &str, group: &str, tags: &str, next: &str| {
        format!("{id:<40} {name:<30} {group:<20} {tags:<11} {next}\n")
    };
    assert_eq!(
        ended.stderr,
        line("ID", "PROC NAME", "GROUP NAME", "TAGS", "NEXT")
    );
    let states = [
        "2026-03-28T01:30:00Z",
        "paused",
        r"held: nobody knows the groups of \u{1b}ann",
        "none",
    ];
    let lines = states.map(|next| line("77", "report", "ops", "nightly,ops", next));
    assert_eq!(ended.stdout(), lines.concat());
}

#[tokio::test]
async fn where_there_is_none_it_says_so_as_version_2_did() {
    for none in [Reply::Json(200, json!([])), Reply::Text(204, "")] {
        let stub = Stub::start(move |_| none.clone()).await;
        let user = User::of(&stub);

        let text = user.run(&["schedule", "list"]).await.expect_code(0);
        assert_eq!(
            (text.stdout(), text.stderr.as_str()),
            ("", "No scheduled jobs found\n")
        );
        let json = user.run(&["schedule", "list", "-o", "json"]).await;
        assert_eq!(json.expect_code(0).stdout(), "[]\n");
    }
}

#[tokio::test]
async fn describe_has_the_rows_of_version_2_first() {
    let (user, _stub) = user().await;

    let ended = user
        .run(&["schedule", "describe", "77"])
        .await
        .expect_code(0);

    let rows = [
        row("ID", "77"),
        row("PROC NAME", "report"),
        row("GROUP NAME", "ops"),
        row("TAGS", "nightly,ops"),
        row("Cron", "0 30 2 * * *"),
        row("Notifier", "ann@example.org"),
        row("Time Zone", "Europe/Berlin"),
        row("Next", "2026-03-28T01:30:00Z"),
        row("Overlap", "allow"),
        row("Misfire", "once"),
        row("Misfire After", "60 s"),
        row("Notify On", "always"),
        row("Owner", "ann@example.org"),
        row("Created At", "2026-03-20T10:00:00Z"),
        row("Updated At", "2026-03-21T10:00:00Z"),
        "\nArgs\n".to_owned(),
        row("DAY", "Monday"),
    ];
    assert_eq!(ended.stdout(), rows.concat());
    assert_eq!(ended.stderr, "");
}

#[tokio::test]
async fn next_tells_both_clocks() {
    let (user, stub) = user().await;

    let words = ["schedule", "next", "77", "--count", "2"];
    let ended = user.run(&words).await.expect_code(0);

    assert_eq!(
        ended.stderr,
        "Europe/Berlin               America/New_York\n"
    );
    assert_eq!(
        ended.stdout(),
        "Sat 2026-03-28 02:30 +01:00 Fri 2026-03-27 21:30 -04:00\n\
         Sun 2026-03-29 03:00 +02:00 Sat 2026-03-28 21:00 -04:00 for 02:30, which the clock skips\n"
    );
    assert_eq!(stub.requests()[0].target, "/schedule/77/next?count=2");
    let own = user.with("TZ", "Europe/Berlin").run(&words).await;
    assert_eq!(own.stderr, "Europe/Berlin\n");
}

#[tokio::test]
async fn next_says_so_if_none_of_them_fires() {
    let (user, _stub) = user().await;

    for (id, why) in [
        ("78", "it is paused, none fires until it is resumed"),
        ("79", "none fires until it is resumed: no longer fits"),
    ] {
        let ended = user.run(&["schedule", "next", id]).await.expect_code(0);

        assert_eq!(ended.stderr.lines().next(), Some(why));
        assert!(ended.stdout().starts_with("Sat 2026-03-28"), "{ended:?}");
        let names = ["schedule", "next", id, "-o", "name"];
        assert_eq!(user.run(&names).await.expect_code(0).stderr, "");
    }
}

#[tokio::test]
async fn history_tells_what_became_of_each_moment() {
    let (user, _stub) = user().await;

    let ended = user
        .run(&["schedule", "history", "77"])
        .await
        .expect_code(0);

    assert_eq!(
        ended.stderr,
        "MOMENT               UNTIL             COUNT FATE     EXECUTION        STATUS\n"
    );
    assert_eq!(
        ended.stdout(),
        "2026-03-28T09:00:07Z                         run      43               RUNNING\n\
         2026-03-26T01:30Z    2026-03-28T01:30Z     3 paused\n\
         2026-03-25T01:30Z                          1 fired    42               SUCCEEDED\n"
    );
}

#[tokio::test]
async fn history_asks_page_by_page_for_as_many_as_wanted() {
    let stub = Stub::start(|request| {
        let count = if request.before == 0 { 500 } else { 2 };
        let firings = vec![super::firings()[2].clone(); count];
        Reply::Json(200, json!({"firings": firings, "next_cursor": "9"}))
    })
    .await;

    let words = ["schedule", "history", "77", "--limit", "502", "-o", "name"];
    let ended = User::of(&stub).run(&words).await.expect_code(0);

    assert_eq!(ended.stdout(), "42\n".repeat(502));
    let targets: Vec<_> = stub
        .requests()
        .iter()
        .map(|one| one.target.clone())
        .collect();
    assert_eq!(
        targets,
        [
            "/schedule/77/firings?limit=500",
            "/schedule/77/firings?limit=2&cursor=9"
        ]
    );
}

#[tokio::test]
async fn a_schedule_that_is_not_there_is_told_by_its_id() {
    let stub = Stub::start(|_| {
        let kind = "/problems/unknown-schedule";
        problem(
            404,
            json!({"type": kind, "detail": "there is no schedule 5"}),
        )
    })
    .await;
    let user = User::of(&stub);
    for command in ["describe", "pause", "resume", "next", "history", "remove"] {
        let ended = user.run(&["schedule", command, "5"]).await.expect_code(1);
        ended.expect_said("there is no schedule 5\n");
    }
    // What runs a proc tells its own failure apart from the proc's.
    user.run(&["schedule", "run", "5"]).await.expect_code(125);
}

#[tokio::test]
async fn remove_says_what_version_2_said() {
    let (user, stub) = user().await;
    let ended = user.run(&["schedule", "remove", "77"]).await.expect_code(0);
    assert_eq!(
        ended.stdout(),
        "Sucessfully removed the scheduled job ID: 77\n"
    );
    assert_eq!(stub.requests()[0].method, "DELETE");
}

#[tokio::test]
async fn run_follows_the_log_and_ends_as_the_proc_did() {
    use crate::stub::Step;
    use crate::wire::end;
    let stub = Stub::start(|request| match request.path() {
        "/execution/logs" => Reply::Log(vec![
            Step::Bytes(0, b"hello\n".to_vec()),
            end(6, json!({"status": "FAILED", "exit_code": 3})),
        ]),
        _ => service(request),
    })
    .await;
    let user = User::of(&stub);

    let ended = user.run(&["schedule", "run", "77"]).await.expect_code(3);

    assert_eq!(ended.stdout(), "hello\n");
    let user = User::of(&stub);
    let words = ["schedule", "run", "77", "-o", "json"];
    user.run(&words)
        .await
        .expect_code(2)
        .expect_said("--detach");
}

#[cfg(unix)]
#[tokio::test]
async fn tables_are_no_wider_than_the_terminal() {
    use crate::terminal::Terminal;
    let mut wide = schedule();
    wide["tags"] = "a-tag,".repeat(30).into();
    wide["jobName"] = "a-name-that-goes-on-".repeat(6).into();
    let stub = Stub::start(move |request| match request.path() {
        "/schedule" => Reply::Json(200, json!([wide])),
        _ => service(request),
    })
    .await;
    let user = User::of(&stub).with("TZ", "America/New_York");

    let commands: [&[&str]; 3] = [&["list"], &["history", "77"], &["next", "77"]];
    for words in commands {
        let words = [&["schedule"], words].concat();
        let left = Terminal::start(&user, &words).end().await.expect_code(0);
        let lines = left.screen.lines().map(str::trim_end);
        let lines: Vec<&str> = lines.filter(|line| !line.starts_with('\u{1b}')).collect();
        assert!(!lines.is_empty(), "{words:?}");
        for line in lines {
            assert!(line.chars().count() <= 80, "{words:?}: {line}");
        }
    }
}
