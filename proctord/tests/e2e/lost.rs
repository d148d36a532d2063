//! What an execution or somebody on the host does to the files beside it: nothing runs twice, nothing is called
//! gone that lives, and a log that cannot be whole says so.

use std::fs;

use proctor_testkit::{Ledger, Proctord, wait_for};

use crate::support::{detach, publish, status, wait_for_end, wait_for_status};

#[test]
fn a_proc_that_removes_its_own_folder_is_lost_and_its_log_ends() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();
    let body = "echo before; sleep 0.3; rm -rf \"${HOME%/work}\"; exit 5";
    publish(&proctord, folder.path(), "self-removing", body);

    let ran = proctord.proctor(&["execute", "self-removing"]).run();

    assert_eq!(ran.code, Some(125), "{ran:?}");
    assert_eq!(ran.text(), "before\n", "{ran:?}");
    let id = proctord.proctor(&["history", "-o", "name"]).succeed();
    assert_eq!(status(&proctord, id.trim())["status"], "LOST");
}

#[test]
fn a_created_execution_whose_folder_is_gone_is_never_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(folder.path());
    let data = folder.path().join("data");
    let points = "launch.started=crash";
    let mut proctord = Proctord::at(&data)
        .env("PROCTOR_FAIL_POINTS", points)
        .start();
    let body = format!(
        "echo ran >> {}; rm -rf \"${{HOME%/work}}\"",
        ledger.path().display()
    );
    publish(&proctord, folder.path(), "self-removing", &body);
    // The service dies under this request.
    let _ = proctord
        .proctor(&["execute", "--detach", "self-removing"])
        .run();
    proctord.wait();
    wait_for("the folder to be gone", || {
        let left = fs::read_dir(data.join("executions")).unwrap().count();
        if left == 0 { Ok(()) } else { Err(left) }
    });

    let restarted = Proctord::at(&data).start();
    let id = restarted.proctor(&["history", "-o", "name"]).succeed();
    let execution = wait_for_end(&restarted, id.trim());

    assert_eq!(execution["status"], "LOST", "{execution}");
    assert_eq!(ledger.counts().get("ran"), Some(&1));
}

#[test]
fn what_lives_is_not_called_lost_though_its_folder_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let gate = folder.path().join("gate");
    let proctord = Proctord::at(&data).start();
    let body = format!(
        "cd /; while [ ! -e {} ]; do sleep 0.05; done",
        gate.display()
    );
    publish(&proctord, folder.path(), "alive", &body);
    let id = detach(&proctord, &["alive"]);
    wait_for_status(&proctord, &id, "RUNNING");
    proctord.kill();
    fs::remove_dir_all(data.join("executions")).unwrap();

    let restarted = Proctord::at(&data).start();
    let before = status(&restarted, &id);
    fs::write(&gate, "").unwrap();
    let after = wait_for_end(&restarted, &id);

    assert_eq!(before["status"], "RUNNING", "{before}");
    assert_eq!(after["status"], "LOST", "{after}");
}

#[test]
fn a_result_whose_reserved_space_was_removed_is_written_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();
    publish(
        &proctord,
        folder.path(),
        "meddler",
        "rm ../result.tmp; exit 2",
    );

    let ran = proctord.proctor(&["execute", "meddler"]).run();

    assert_eq!(ran.code, Some(2), "{ran:?}");
}

#[test]
fn a_service_whose_log_nobody_takes_runs_executions_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let words = ["sh", "-c", "exec \"$@\" 2>/dev/full", "sh"];
    let proctord = Proctord::at(&folder.path().join("data"))
        .through(&words)
        .start();

    for _ in 0..3 {
        let ran = proctord
            .proctor(&["execute", "fail-on-purpose", "EXIT_CODE=6"])
            .run();
        assert_eq!(ran.code, Some(6), "{ran:?}");
    }
    assert!(proctord.stop().success());
}
