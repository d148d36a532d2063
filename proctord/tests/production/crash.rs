use proctor_testkit::wait_for;
use serde_json::json;

use crate::site::{Site, execute, publish, wait_for_status, wait_until_ready};

const RUNS: u64 = 20;

/// proctord is killed in the middle; the next one tells real exit codes and every byte.
#[tokio::test(flavor = "multi_thread")]
async fn running_executions_outlive_a_killed_proctord() {
    let site = Site::new();
    let proctord = site.ready().await;
    let gate = site.folder.path().join("gate");
    let line = format!(
        "echo \"$NUMBER\" >> {ledger}
         i=0; while [ $i -lt 200 ]; do echo \"$NUMBER before $i\"; i=$((i+1)); done
         while [ ! -e {gate} ]; do sleep 0.05; done
         echo \"$NUMBER after\"; exit $NUMBER",
        ledger = site.ledger.path().display(),
        gate = gate.display(),
    );
    publish(&proctord, "numbered", &line, json!({})).await;
    let mut ids = Vec::new();
    for number in 0..RUNS {
        let body = json!({"name": "numbered", "args": {"NUMBER": number.to_string()}});
        ids.push(execute(&proctord, &body).await);
    }
    wait_for("every execution to be in the ledger", || {
        let count = site.ledger.counts().len();
        if count as u64 == RUNS {
            Ok(())
        } else {
            Err(count)
        }
    });

    proctord.kill();
    let restarted = site.proctord().start();
    wait_until_ready(&restarted).await;
    std::fs::write(&gate, "").unwrap();

    for (number, id) in (0..RUNS).zip(ids) {
        let expected = if number == 0 { "SUCCEEDED" } else { "FAILED" };
        let execution = wait_for_status(&restarted, id, expected).await;
        assert_eq!(execution["exit_code"], number, "{execution}");
        let log = restarted.proctor(&["logs", &id.to_string()]).run();
        let lines: String = (0..200)
            .map(|line| format!("{number} before {line}\n"))
            .collect();
        assert!(
            log.text() == format!("{lines}{number} after\n"),
            "{number}: {}",
            log.text()
        );
    }
    assert!(site.ledger.counts().values().all(|count| *count == 1));
}
