//! The audit trail of a service as a process: refusals are in it at the latest when it stops, and what a crash in the
//! middle of a seal leaves is verified.

use std::path::Path;

use proctor_testkit::{Proctord, Ran, wait_for};
use serde_json::Value;

use crate::support::publish;

fn verify(data: &Path, more: &[&str]) -> Ran {
    let data_dir = data.to_str().unwrap();
    let words = ["audit", "verify", "--data-dir", data_dir];
    Proctord::at(data).run(&[&words[..], more].concat())
}

/// The summary, and the lines before it.
fn report(ran: &Ran) -> (Value, Vec<Value>) {
    let text = ran.text();
    let mut lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {ran:?}")))
        .collect();
    (lines.pop().unwrap(), lines)
}

/// Asks so often as a foreign page would.
fn be_refused(proctord: &Proctord, times: usize) {
    let url = format!("http://{}/metadata", proctord.address());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        for _ in 0..times {
            let request = reqwest::Client::new().get(&url);
            let answer = request.header("Origin", "http://evil.example").send().await;
            assert_eq!(answer.unwrap().status(), 403);
        }
    });
}

fn sql(data: &Path, statement: &'static str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let file = data.join("proctor.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
    });
}

#[test]
fn what_a_service_leaves_is_sealed_and_whoever_changes_it_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let proctord = Proctord::at(&data).start();
    publish(&proctord, folder.path(), "once", "true");
    be_refused(&proctord, 3);
    let while_it_runs = verify(&data, &["-o", "json"]);
    assert!(proctord.stop().success());

    let untouched = verify(&data, &["-o", "json"]);
    let (summary, findings) = report(&untouched);
    assert_eq!(while_it_runs.code, Some(0), "{while_it_runs:?}");
    assert_eq!(untouched.code, Some(0), "{untouched:?}");
    assert_eq!(findings.len(), 0, "{findings:?}");
    assert_eq!(summary["unsealed_rows"], 0, "{summary}");
    let newest = summary["newest_seal"].as_str().unwrap();
    let noted = verify(&data, &["--seal", newest]);
    assert_eq!(noted.code, Some(0), "{noted:?}");
    assert!(noted.text().contains(&format!("newest seal: {newest}\n")));

    let restarted = Proctord::at(&data).start();
    let rows = restarted.proctor(&["audit", "--action", "access.refused", "-o", "json"]);
    let rows: Value = serde_json::from_str(&rows.succeed()).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    assert_eq!(rows[0]["count"], 3, "{rows}");
    assert_eq!(rows[0]["target"], "403", "{rows}");
    assert_eq!(rows[0]["source"], "127.0.0.1", "{rows}");
    let table = restarted.proctor(&["audit", "--action", "access.refused"]);
    assert!(table.succeed().contains("403 (3 times)"));
    restarted.kill();

    sql(&data, "UPDATE audit SET who = 'eve' WHERE id = 1");
    let altered = verify(&data, &[]);
    assert_eq!(altered.code, Some(1), "{altered:?}");
    let text = altered.text();
    assert!(text.starts_with("row 1 of "), "{text}");
    assert!(
        text.contains("was altered after seal 1\n1 finding: "),
        "{text}"
    );
}

#[test]
fn a_crash_in_the_middle_of_a_seal_leaves_none_and_the_next_start_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut proctord = Proctord::at(&data)
        .env("PROCTOR_FAIL_POINTS", "audit.sealing=crash")
        .start();
    let document = folder.path().join("once.yaml");
    std::fs::write(&document, "name: once\ncommand: [\"true\"]\n").unwrap();
    // The service may die under this request.
    let _ = proctord
        .proctor(&["publish", document.to_str().unwrap()])
        .run();
    assert!(!proctord.wait().success());

    let crashed = report(&verify(&data, &["-o", "json"])).0;
    let _restarted = Proctord::at(&data).start();
    let sealed = wait_for("what was left to be sealed", || {
        let summary = report(&verify(&data, &["-o", "json"])).0;
        if summary["unsealed_rows"] == 0 {
            Ok(summary)
        } else {
            Err(summary)
        }
    });

    assert_eq!(crashed["seals"], 0, "{crashed}");
    assert_eq!(crashed["findings"], 0, "{crashed}");
    assert!(crashed["unsealed_rows"].as_u64() > Some(0), "{crashed}");
    assert_eq!(sealed["seals"], 1, "{sealed}");
    assert_eq!(sealed["findings"], 0, "{sealed}");
}
