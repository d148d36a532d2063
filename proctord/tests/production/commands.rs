use proctor_testkit::{Proctord, Ran};
use serde_json::json;

use crate::site::{Site, execute, publish, wait_for_status};

fn told(ran: &Ran) -> (Option<i32>, String) {
    (ran.code, ran.text())
}

#[tokio::test]
async fn migrate_and_rollback_say_what_they_do() {
    let site = Site::new();
    let run = |words: &[&str]| site.proctord().run(words);

    let nothing = told(&run(&["rollback"]));
    assert_eq!(
        nothing,
        (Some(0), "there is no step to take back\n".to_owned())
    );
    let first = run(&["migrate"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(
        first.text().starts_with("applied step 1 (executions)\n"),
        "{first:?}"
    );
    let again = run(&["migrate"]);
    assert!(
        again
            .text()
            .starts_with("the schema is up to date, at step"),
        "{again:?}"
    );
    assert_eq!(again.text().lines().count(), 1, "{again:?}");
    let steps = first.text().lines().count() - 1;
    for _ in 0..steps {
        let back = run(&["rollback"]);
        assert!(back.text().starts_with("took back step"), "{back:?}");
    }
    assert_eq!(told(&run(&["rollback"])), nothing);
}

#[tokio::test]
async fn rollback_does_not_delete_executions_unasked() {
    let site = Site::new();
    let proctord = site.ready().await;
    publish(&proctord, "short", "true", json!({})).await;
    let id = execute(&proctord, &json!({"name": "short"})).await;
    wait_for_status(&proctord, id, "SUCCEEDED").await;
    drop(proctord);

    let refused = site.proctord().run(&["rollback"]);
    let kept = site.psql("SELECT count(*) FROM proctor.execution");
    let forced = site.proctord().run(&["rollback", "--yes"]);

    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("executions (1 of them)") && refused.stderr.contains("--yes"),
        "{refused:?}"
    );
    assert_eq!(kept, "1");
    assert_eq!(forced.code, Some(0), "{forced:?}");
}

#[test]
fn without_a_database_they_fail_clearly_and_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Proctord::production_at(&folder.path().join("data"));
    for words in [["migrate"], ["rollback"]] {
        let unnamed = builder.run(&words);
        assert_eq!(unnamed.code, Some(1), "{unnamed:?}");
        assert!(
            unnamed.stderr.contains("PROCTOR_DATABASE_URL"),
            "{unnamed:?}"
        );
        let url = "postgres://proctor:canary@127.0.0.1:1/proctor";
        let away = builder.clone().env("PROCTOR_DATABASE_URL", url).run(&words);
        assert_eq!(away.code, Some(1), "{away:?}");
        assert!(away.stderr.contains("Connection refused"), "{away:?}");
        assert!(!away.stderr.contains("canary"), "{away:?}");
    }
}

#[test]
fn start_says_everything_that_it_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Proctord::production_at(&folder.path().join("data"));
    let builder = builder
        .env("PROCTOR_SECRET_KEYS", "")
        .env("PROCTOR_RUNNER", "agent");

    let (status, log) = builder.start_and_fail();

    assert_eq!(status.code(), Some(1));
    for part in [
        "PROCTOR_DATABASE_URL",
        "PROCTOR_REDIS_ADDRESS",
        "proctord secrets new-key",
        "the runner agent is not in this version",
    ] {
        assert!(log.contains(part), "{part}: {log}");
    }
}

#[test]
fn check_config_shows_what_is_in_force_and_why_without_any_server() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().join(".proctor");
    std::fs::create_dir(&home).unwrap();
    let file = home.join("config.yaml");
    std::fs::write(
        &file,
        "redis:\n  address: cache.example:6379\n  password: canary-1\n",
    )
    .unwrap();
    let builder = Proctord::production_at(&folder.path().join("data"))
        .env("HOME", folder.path().to_str().unwrap())
        .env(
            "PROCTOR_DATABASE_URL",
            "postgres://ann:canary-2@db.example/proctor",
        );

    let right = builder.run(&["check-config"]);
    let wrong = builder
        .env("PROCTOR_APP_PORT", "door")
        .env("PROCTOR_LAUNCH_WAIT", "soon")
        .run(&["check-config"]);

    assert_eq!(right.code, Some(0), "{right:?}");
    let line = |name: &str| {
        let text = right.text();
        let found = text.lines().find(|line| line.starts_with(name)).unwrap();
        found.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let place = file.display();
    assert_eq!(line("PROCTOR_APP_PORT"), "PROCTOR_APP_PORT=5001 # default");
    assert_eq!(
        line("PROCTOR_REDIS_PASSWORD"),
        format!("PROCTOR_REDIS_PASSWORD=<hidden> # {place}:3: redis.password")
    );
    assert!(
        line("PROCTOR_DATABASE_URL")
            .ends_with("ann:<hidden>@db.example:5432/proctor # environment")
    );
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    for name in ["PROCTOR_APP_PORT must be", "PROCTOR_LAUNCH_WAIT must be"] {
        assert!(wrong.stderr.contains(name), "{wrong:?}");
    }
    for ran in [right, wrong] {
        assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
    }
}
