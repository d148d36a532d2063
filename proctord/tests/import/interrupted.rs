//! Imports that are repeated, killed, and only tried.

use tempfile::TempDir;

use crate::v2::{Row, V2};

async fn many(v2: &mut V2, count: i64) {
    for id in 1..=count {
        let output = format!("line of {id}\n");
        let row = Row {
            name: None,
            ..Row::finished(id, output.as_bytes())
        };
        v2.insert(&row).await;
    }
}

#[tokio::test]
async fn one_that_was_killed_goes_on_and_each_row_is_there_once() {
    let mut v2 = V2::new().await;
    many(&mut v2, 5000).await;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let crash = [("PROCTOR_FAIL_POINTS", "import.stored=crash")];
    let batch = ["--batch", "300"];

    for _ in 0..2 {
        let killed = v2.import_with(&data, &batch, &crash);
        assert_eq!(killed.code, None, "{killed:?}");
    }
    let whole = v2.import(&data, &batch);
    let again = v2.import(&data, &batch);

    assert_eq!((whole.code, again.code), (Some(0), Some(0)), "{whole:?}");
    let line = |imported: u32, there: u32| {
        format!("executions: {imported} imported, {there} there already, 0 with remarks, 0 skipped")
    };
    assert_eq!(whole.line("executions"), line(4400, 600));
    assert_eq!(again.line("executions"), line(0, 5000));
    let (executions, ids, logs) = counted(&data).await;
    assert_eq!((executions, ids, logs), (5000, 5000, 5000));
}

/// How many executions there are, how many ids of version 2, and how many logs that have ended.
async fn counted(data: &std::path::Path) -> (i64, i64, i64) {
    let open = async |file: &str| {
        let path = data.join(file);
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        sqlx::SqlitePool::connect_with(options).await.unwrap()
    };
    let (records, logs) = (open("proctor.db").await, open("logs.db").await);
    let counts = sqlx::query_as("SELECT count(*), count(DISTINCT v2_id) FROM execution");
    let (executions, ids) = counts.fetch_one(&records).await.unwrap();
    let ended = sqlx::query_scalar("SELECT count(*) FROM log WHERE ended = 1 AND length > 0");
    (executions, ids, ended.fetch_one(&logs).await.unwrap())
}

#[tokio::test]
async fn a_dry_run_tells_everything_and_does_nothing() {
    let mut v2 = V2::new().await;
    many(&mut v2, 3).await;
    v2.set("say-hello-secret", r#"{"TOKEN":"canary-value"}"#);
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");

    let tried = v2.import(&data, &["--dry-run"]);
    let untouched = !data.exists();
    let done = v2.import(&data, &[]);
    let tried_again = v2.import(&data, &["--dry-run"]);

    assert_eq!(tried.code, Some(0), "{tried:?}");
    assert!(untouched);
    assert!(
        tried.stdout.starts_with("Nothing was imported"),
        "{tried:?}"
    );
    for word in ["executions", "secrets"] {
        assert_eq!(tried.line(word), done.line(word));
    }
    assert!(
        tried_again
            .line("executions")
            .contains("0 imported, 3 there already")
    );
    assert!(
        tried_again
            .line("secrets")
            .contains("0 imported, 1 there already")
    );
}
