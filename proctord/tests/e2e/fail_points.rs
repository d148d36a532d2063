//! proctord and the shim are crashed at every named point around launch and finish; afterwards the proc has
//! run at most once, and its execution ends as it should.

use proctor_testkit::{Ledger, Proctord};
use serde_json::Value;

use crate::support::{publish, wait_for_end};

struct Crash {
    folder: tempfile::TempDir,
    ledger: Ledger,
    proctord: Proctord,
}

/// A service that crashes at the point, and an execution that makes it pass there.
fn crash_at(points: &str) -> Crash {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(folder.path());
    let data = folder.path().join("data");
    let proctord = Proctord::at(&data)
        .env("PROCTOR_FAIL_POINTS", points)
        .start();
    let body = format!(
        "echo ran >> {}; echo first; echo second; exit 5",
        ledger.path().display()
    );
    publish(&proctord, folder.path(), "once", &body);
    // The service may die under this request.
    let _ = proctord.proctor(&["execute", "--detach", "once"]).run();
    Crash {
        folder,
        ledger,
        proctord,
    }
}

/// The one execution that there is, once it has ended.
fn only_execution(proctord: &Proctord) -> Value {
    let ids = proctord.proctor(&["history", "-o", "name"]).succeed();
    let ids: Vec<_> = ids.lines().collect();
    assert_eq!(ids.len(), 1, "there should be one execution: {ids:?}");
    wait_for_end(proctord, ids[0])
}

fn crash_proctord_and_restart(point: &str) {
    let Crash {
        folder,
        ledger,
        mut proctord,
    } = crash_at(&format!("{point}=crash"));
    let status = proctord.wait();
    assert!(!status.success(), "{point} was not reached");

    let restarted = Proctord::at(&folder.path().join("data")).start();
    let execution = only_execution(&restarted);

    assert_eq!(execution["status"], "FAILED", "{point}: {execution}");
    assert_eq!(execution["exit_code"], 5, "{point}: {execution}");
    assert_eq!(
        ledger.counts().get("ran"),
        Some(&1),
        "{point}: it ran this often"
    );
    let id = execution["id"].to_string();
    let log = restarted.proctor(&["logs", &id]).run();
    assert_eq!(
        (log.code, log.text().as_str()),
        (Some(5), "first\nsecond\n"),
        "{point}: {log:?}"
    );
}

macro_rules! proctord_crashes_at {
    ($($test:ident: $point:literal,)*) => {
        $(#[test]
        fn $test() {
            crash_proctord_and_restart($point);
        })*
    };
}

proctord_crashes_at! {
    proctord_crashes_once_the_execution_is_accepted: "accept.stored",
    proctord_crashes_once_the_shim_is_ready: "launch.prepared",
    proctord_crashes_once_created_is_stored: "launch.created",
    proctord_crashes_once_the_shim_was_let_go: "launch.started",
    proctord_crashes_before_a_chunk_is_stored: "log.read",
    proctord_crashes_after_a_chunk_is_stored: "log.stored",
    proctord_crashes_once_the_outcome_is_stored: "finish.stored",
    proctord_crashes_once_the_queue_was_served: "finish.admitted",
    proctord_crashes_once_the_log_is_read_to_its_end: "finish.pumped",
    proctord_crashes_once_the_log_is_closed: "finish.closed",
}

/// A shim that crashes before `started` is on disk has run nothing: the execution is launched again and, as
/// every shim crashes here, never begins while this proctord lives; the next one runs it.
fn crash_shim_before_the_start(point: &str) {
    let Crash {
        folder,
        ledger,
        proctord,
    } = crash_at(&format!("{point}=crash"));

    proctord.kill();
    let counts_before = ledger.counts();
    let restarted = Proctord::at(&folder.path().join("data")).start();
    let execution = only_execution(&restarted);

    assert_eq!(
        counts_before.len(),
        0,
        "{point}: it ran although its shim crashed before the start"
    );
    assert_eq!(execution["exit_code"], 5, "{point}: {execution}");
    assert_eq!(
        ledger.counts().get("ran"),
        Some(&1),
        "{point}: it ran this often"
    );
}

#[test]
fn the_shim_crashes_once_it_holds_the_lock() {
    crash_shim_before_the_start("shim.locked");
}

#[test]
fn the_shim_crashes_once_it_is_ready() {
    crash_shim_before_the_start("shim.ready");
}

#[test]
fn the_shim_crashes_once_it_may_go() {
    crash_shim_before_the_start("shim.go");
}

/// A shim that crashes after `started` leaves an execution of which nobody knows the end: it is LOST, and
/// never run again.
fn crash_shim_after_the_start(point: &str) {
    let Crash {
        folder,
        ledger,
        proctord,
    } = crash_at(&format!("{point}=crash"));

    let execution = only_execution(&proctord);
    proctord.kill();
    let restarted = Proctord::at(&folder.path().join("data")).start();
    let again = only_execution(&restarted);

    assert_eq!(execution["status"], "LOST", "{point}: {execution}");
    assert_eq!(again, execution, "{point}: the first outcome stands");
    let runs = ledger.counts().get("ran").copied().unwrap_or(0);
    assert!(runs <= 1, "{point}: it ran {runs} times");
}

#[test]
fn the_shim_crashes_once_the_start_is_on_disk() {
    crash_shim_after_the_start("shim.started");
}

#[test]
fn the_shim_crashes_once_the_command_was_released() {
    crash_shim_after_the_start("shim.released");
}

#[test]
fn the_shim_crashes_once_the_command_has_ended() {
    crash_shim_after_the_start("shim.ended");
}

#[test]
fn the_shim_crashes_once_the_result_is_on_disk() {
    let Crash {
        folder,
        ledger,
        proctord,
    } = crash_at("shim.result=crash");

    let execution = only_execution(&proctord);

    assert_eq!(
        (
            execution["status"].as_str(),
            execution["exit_code"].as_i64()
        ),
        (Some("FAILED"), Some(5))
    );
    assert_eq!(ledger.counts().get("ran"), Some(&1));
    drop(folder);
}
