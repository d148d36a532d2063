use std::fs;

use proctor_testkit::{Ledger, Proctord, wait_for};

use crate::support::{detach, publish, wait_for_end};

const RUNS: usize = 50;

/// Fifty executions run, proctord is killed in the middle, and another one takes over.
#[test]
fn fifty_running_executions_outlive_a_killed_proctord() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(folder.path());
    let gate = folder.path().join("gate");
    let data = folder.path().join("data");
    let proctord = Proctord::at(&data).start();
    let body = format!(
        "echo \"$NUMBER\" >> {ledger}\n\
         i=0; while [ $i -lt 200 ]; do echo \"$NUMBER before $i\"; i=$((i+1)); done\n\
         while [ ! -e {gate} ]; do sleep 0.05; done\n\
         echo \"$NUMBER after\"\n\
         exit $NUMBER",
        ledger = ledger.path().display(),
        gate = gate.display(),
    );
    publish(&proctord, folder.path(), "numbered", &body);
    let ids: Vec<_> = (0..RUNS)
        .map(|number| detach(&proctord, &["numbered", &format!("NUMBER={number}")]))
        .collect();
    wait_for("every execution to be in the ledger", || {
        let counts = ledger.counts();
        if counts.len() == RUNS {
            Ok(())
        } else {
            Err(counts.len())
        }
    });
    let follower = proctord
        .proctor(&["logs", &ids[7]])
        .env("RECONNECT_TIMEOUT_SECS", "1")
        .spawn();

    proctord.kill();
    let restarted = Proctord::at(&data).start();
    fs::write(&gate, "").unwrap();

    for (number, id) in ids.iter().enumerate() {
        let execution = wait_for_end(&restarted, id);
        let expected = if number == 0 { "SUCCEEDED" } else { "FAILED" };
        assert_eq!(execution["status"], expected, "{execution}");
        assert_eq!(execution["exit_code"], number, "{execution}");
        let log = restarted.proctor(&["logs", id]).run();
        let mut lines: String = (0..200)
            .map(|line| format!("{number} before {line}\n"))
            .collect();
        lines.push_str(&format!("{number} after\n"));
        assert!(
            log.text() == lines,
            "the log of {number} differs: {}",
            log.text()
        );
    }
    let counts = ledger.counts();
    assert_eq!(counts.len(), RUNS);
    assert!(
        counts.values().all(|count| *count == 1),
        "something ran twice: {counts:?}"
    );
    // The follower's service came back elsewhere, so that one gave up, and said so.
    let cut = proctor_testkit::Ran::of(follower);
    assert_eq!(cut.code, Some(125), "{cut:?}");
}

/// What ends while nobody watches ends with its real exit code and all of its bytes.
#[test]
fn an_execution_that_ends_while_proctord_is_away_is_told_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let done = folder.path().join("done");
    let gate = folder.path().join("gate");
    let proctord = Proctord::at(&data).start();
    let body = format!(
        "echo one; while [ ! -e {gate} ]; do sleep 0.05; done; echo two; touch {done}; exit 9",
        gate = gate.display(),
        done = done.display(),
    );
    publish(&proctord, folder.path(), "alone", &body);
    let id = detach(&proctord, &["alone"]);
    crate::support::wait_for_status(&proctord, &id, "RUNNING");

    proctord.kill();
    fs::write(&gate, "").unwrap();
    wait_for("the proc to be done", || {
        if done.exists() {
            Ok(())
        } else {
            Err("it runs")
        }
    });
    let restarted = Proctord::at(&data).start();
    let log = restarted.proctor(&["logs", &id]).run();

    assert_eq!(
        (log.code, log.text().as_str()),
        (Some(9), "one\ntwo\n"),
        "{log:?}"
    );
}

/// A stop that was stored before the crash is carried out after it.
#[test]
fn a_stop_survives_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut proctord = Proctord::at(&data)
        .env("PROCTOR_FAIL_POINTS", "stop.stored=crash")
        .start();
    publish(
        &proctord,
        folder.path(),
        "endless",
        "echo here; while :; do sleep 0.1; done",
    );
    let id = detach(&proctord, &["endless"]);
    crate::support::wait_for_status(&proctord, &id, "RUNNING");

    // It dies while it answers, so that the client may or may not see the answer.
    let _ = proctord.proctor(&["stop", &id, "--no-wait"]).run();
    proctord.wait();
    let restarted = Proctord::at(&data).start();

    let execution = wait_for_end(&restarted, &id);
    assert_eq!(execution["status"], "STOPPED", "{execution}");
}
