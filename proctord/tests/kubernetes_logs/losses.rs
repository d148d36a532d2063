use std::time::Duration;

use futures::FutureExt;
use proctor_testkit::wait_for_async;
use proctord::domain::name::ExecutionName;
use proctord::runner::Output;
use proctord::runner::kubernetes::judge::STOPPED_ANNOTATION;
use proctord::runner::kubernetes::logs::Patience;
use proctord::runner::kubernetes::seen::{Phase, Sight};
use serde_json::json;

use crate::bench::{Bench, Log, Run, hurried, quick};

/// A run that writes `one`, `two` and `three`, each when it is told to.
struct Steps {
    bench: Bench,
    run: Run,
}

impl Steps {
    async fn begin() -> Self {
        let bench = Bench::start().await;
        let wait = |name: &str| {
            let path = bench.path(name);
            format!("until [ -e {} ]; do sleep 0.02; done", path.display())
        };
        let script = format!(
            "echo one; {}; echo two; {}; echo three",
            wait("two"),
            wait("three")
        );
        let run = bench.run(&script).await;
        Self { bench, run }
    }

    async fn write(&self, word: &str) {
        std::fs::write(self.bench.path(word), "").unwrap();
        wait_for_async("the line in the log", async || {
            let log = self.bench.raw_log(&self.run).await;
            if log.contains(word) { Ok(()) } else { Err(log) }
        })
        .await;
    }

    /// Reads the first line, and stops reading.
    async fn read_one(&self) -> String {
        let mut output = self.bench.output(&self.run, None);
        let log = Log::default().take_until(&mut output, "one\n").await;
        log.last_cursor().to_owned()
    }
}

#[tokio::test]
async fn lines_that_were_rotated_away_unread_are_told_once() {
    let steps = Steps::begin().await;
    let cursor = steps.read_one().await;
    steps.write("two").await;
    steps.bench.double.rotate_logs();
    steps.write("three").await;

    let mut output = steps.bench.output(&steps.run, Some(&cursor));
    let log = Log::default().take_all(&mut output).await;

    assert_eq!((log.text(), log.complete), ("three\n".into(), Some(false)));
    let [(0, gap)] = &log.events[..] else {
        panic!("{:?}", log.events);
    };
    assert!(gap.contains("rotated"), "{gap}");
    for (cursor, bytes, _) in &log.cursors {
        let mut output = steps.bench.output(&steps.run, Some(cursor));
        let rest = Log::default().take_all(&mut output).await;
        assert_eq!(rest.bytes, log.bytes[*bytes..]);
        assert_eq!((&rest.events[..], rest.complete), (&[][..], Some(false)));
    }
}

#[tokio::test]
async fn a_rotation_that_took_all_that_was_read_is_a_gap_at_the_end() {
    let steps = Steps::begin().await;
    let cursor = steps.read_one().await;
    steps.write("two").await;
    std::fs::write(steps.bench.path("three"), "").unwrap();
    steps
        .bench
        .seen(&steps.run, "its end", |seen| {
            seen.job.as_ref().is_some_and(|job| job.succeeded == 1)
        })
        .await;
    steps.bench.double.rotate_logs();

    let mut output = steps.bench.output(&steps.run, Some(&cursor));
    let log = Log::default().take_all(&mut output).await;

    assert_eq!((log.text(), log.complete), (String::new(), Some(false)));
    assert_eq!(log.events.len(), 1, "{:?}", log.events);
}

#[tokio::test]
async fn the_log_of_a_pod_that_is_gone_is_a_gap() {
    let steps = Steps::begin().await;
    let cursor = steps.read_one().await;
    steps
        .bench
        .delete(&steps.run, "propagationPolicy=Background")
        .await;
    steps
        .bench
        .seen(&steps.run, "nothing left", |seen| {
            seen.sight == Sight::Current && seen.job.is_none() && seen.pods.is_empty()
        })
        .await;

    let mut output = steps.bench.output(&steps.run, Some(&cursor));
    let log = Log::default().take_all(&mut output).await;

    assert_eq!((log.text(), log.complete), (String::new(), Some(false)));
    let [(0, gap)] = &log.events[..] else {
        panic!("{:?}", log.events);
    };
    assert!(gap.contains("no such Pod"), "{gap}");
}

/// Whoever looks only now sees a Job that was stopped, and knows of no Pod.
#[tokio::test]
async fn a_run_that_came_and_went_unseen_is_not_complete() {
    let mut bench = Bench::start().await;
    let run = bench
        .run("trap 'exit 9' TERM; echo one; while :; do sleep 0.02; done")
        .await;
    wait_for_async("its line", async || match bench.raw_log(&run).await {
        log if log.contains("one") => Ok(()),
        log => Err(log),
    })
    .await;
    bench.stop(&run, json!({STOPPED_ANNOTATION: "now"})).await;
    bench
        .seen(&run, "no Pod", |seen| seen.pods.is_empty())
        .await;

    drop(bench.watch_anew());
    let mut output = bench.output(&run, None);
    let log = Log::default().take_all(&mut output).await;

    assert_eq!((log.text(), log.complete), (String::new(), Some(false)));
}

/// Of the second of two attempts there is only what the stop has noted.
#[tokio::test]
async fn an_attempt_that_came_and_went_unseen_is_a_gap() {
    let bench = Bench::start().await;
    let run = bench
        .run("trap 'exit 3' TERM; echo one; while :; do sleep 0.02; done")
        .await;
    let mut output = bench.output(&run, None);
    let log = Log::default().take_until(&mut output, "one\n").await;
    let note = json!({STOPPED_ANNOTATION: "now", "proctor.dev/ended-pods": "unseen"});
    bench.stop(&run, note).await;

    let log = log.take_all(&mut output).await;

    assert_eq!((log.text(), log.complete), ("one\n".into(), Some(false)));
    let [(4, gap)] = &log.events[..] else {
        panic!("{:?}", log.events);
    };
    assert!(gap.contains("attempt 2"), "{gap}");
}

/// What somebody else has begun to read may be further than what one's own watch has come to.
#[tokio::test]
async fn a_pod_that_is_not_yet_in_sight_is_not_gone() {
    let mut bench = Bench::start().await;
    let nothing = Run {
        name: ExecutionName::generate(),
        uid: String::new(),
    };
    bench
        .seen(&nothing, "the lists", |seen| seen.sight == Sight::Current)
        .await;
    bench.double.hang_watches();
    let behind = bench.watch_anew();
    let gate = bench.path("gate");
    let script = format!(
        "echo one; until [ -e {} ]; do sleep 0.02; done; echo two",
        gate.display()
    );
    let run = bench.run(&script).await;
    let mut output = bench.output(&run, None);
    let begun = Log::default().take_until(&mut output, "one\n").await;

    drop(bench.watch_by(behind));
    let mut output = bench.output(&run, Some(begun.last_cursor()));
    let mut log = Log::default();
    let early = tokio::time::timeout(Duration::from_millis(300), log.take(&mut output, 1)).await;
    assert!(early.is_err(), "{log:?}");
    bench.double.cut();
    std::fs::write(gate, "").unwrap();

    log.take_all(&mut output).await.assert_is(b"two\n");
}

#[tokio::test]
async fn the_log_of_a_pod_that_is_kept_after_its_deletion_is_not_told_to_be_rotated() {
    let steps = Steps::begin().await;
    let cursor = steps.read_one().await;
    let bench = &steps.bench;
    let pod = bench.pod(&steps.run);
    let held = json!({"metadata": {"finalizers": ["batch.kubernetes.io/job-tracking", "example.org/held"]}});
    bench.patch_pod(&pod, &held).await;
    bench.delete_pod(&pod).await;
    steps
        .bench
        .seen(&steps.run, "its end", |seen| {
            let mut pods = seen.pods.values();
            pods.any(|pod| pod.deletion.is_some() && pod.phase == Phase::Failed)
        })
        .await;
    bench.double.rotate_logs();

    let mut output = bench.output(&steps.run, Some(&cursor));
    let log = Log::default().take_all(&mut output).await;

    assert_eq!(log.complete, Some(false));
    let [(0, gap)] = &log.events[..] else {
        panic!("{:?}", log.events);
    };
    assert_eq!(
        gap,
        "the end of attempt 1's log may be missing: its Pod was deleted before it was read"
    );
}

#[tokio::test]
async fn a_log_is_not_at_its_end_because_nobody_sees_its_pod() {
    let mut bench = Bench::start().await;
    bench.restart_blind().await;
    let run = bench.run("echo one").await;
    let mut output = bench.output(&run, None);
    bench
        .seen(&run, "the end of its Job", |seen| {
            let job = seen.job.as_ref();
            job.is_some_and(|job| job.succeeded == 1 && !job.conditions.is_empty())
        })
        .await;

    let told = output.next(1024).now_or_never();
    assert!(told.is_none(), "{told:?}");
    bench.double.allow("watch", "pods");

    let log = Log::default().take_all(&mut output).await;
    log.assert_is(b"one\n");
}

#[tokio::test]
async fn a_pod_that_has_lost_its_labels_is_read_to_its_end() {
    let steps = Steps::begin().await;
    let cursor = steps.read_one().await;
    let pod = steps.bench.pod(&steps.run);
    let asked = || steps.bench.double.ledger().requests("list", "pods");
    let before = asked();
    let bare = json!({"metadata": {"labels": null}});
    steps.bench.patch_pod(&pod, &bare).await;
    let mut output = steps.bench.output(&steps.run, Some(&cursor));
    wait_for_async("the Pod to be asked for", async || {
        if asked() > before {
            Ok(())
        } else {
            Err(asked())
        }
    })
    .await;
    for word in ["two", "three"] {
        std::fs::write(steps.bench.path(word), "").unwrap();
    }

    let log = Log::default().take_all(&mut output).await;

    log.assert_is(b"two\nthree\n");
}

#[tokio::test]
async fn a_lost_node_leaves_a_gap() {
    let steps = Steps::begin().await;
    let mut output = steps.bench.output(&steps.run, None);
    let begun = Log::default().take_until(&mut output, "one\n").await;
    let asked = steps.bench.double.ledger().requests("get", "pods/log");

    steps.bench.double.lose_node();
    wait_for_async("the log is asked for again", async || {
        let now = steps.bench.double.ledger().requests("get", "pods/log");
        if now > asked + 1 { Ok(()) } else { Err(now) }
    })
    .await;
    steps.bench.double.give_up_node();

    let log = begun.take_all(&mut output).await;
    assert_eq!((log.text(), log.complete), ("one\n".into(), Some(false)));
    assert_eq!(log.events.len(), 1, "{:?}", log.events);
}

#[tokio::test]
async fn without_room_to_spill_it_reads_on_when_there_is_room_again() {
    let bench = Bench::of(quick()).await;
    let run = bench.run("i=0; while [ $i -lt 40 ]; do head -c 200000 /dev/zero | tr '\\0' x; echo; i=$((i + 1)); done").await;
    let mut output = bench.output_spilling_to(&run, None, &bench.path("missing"));
    bench
        .seen(&run, "its end", |seen| {
            seen.job.as_ref().is_some_and(|job| job.succeeded == 1)
        })
        .await;

    let log = Log::default().take_all(&mut output).await;

    let line = format!("{}\n", "x".repeat(200_000));
    log.assert_is(line.repeat(40).as_bytes());
}

/// What tidies up when it is stopped, and says so.
const TIDY: &str = "trap 'echo two; exit 9' TERM; echo one; while :; do sleep 0.02; done";

/// Nobody comes back by itself in the time that a test takes.
fn unhurried() -> Patience {
    let long = Duration::from_secs(3);
    Patience {
        settle: long,
        first_pause: long,
        longest_pause: long,
        ..hurried()
    }
}

#[tokio::test]
async fn a_stream_that_ends_too_early_right_before_a_stop_is_followed_by_another_at_once() {
    let bench = Bench::start().await;
    let run = bench.run(TIDY).await;
    let mut output = bench.output_with(&run, unhurried());
    let log = Log::default().take_until(&mut output, "one\n").await;

    let asked = || bench.double.ledger().requests("get", "pods/log");
    let before = asked();
    bench.double.end_logs();
    let stop = async {
        wait_for_async("another request for the log", async || match asked() {
            now if now > before => Ok(()),
            now => Err(now),
        })
        .await;
        bench.stop(&run, json!({STOPPED_ANNOTATION: "now"})).await;
    };
    let (log, ()) = tokio::join!(log.take_all(&mut output), stop);

    log.assert_is(b"one\ntwo\n");
}

/// It may have ended because its node has gone, which then could not tell the rest.
#[tokio::test]
async fn the_end_of_a_stream_is_no_proof_if_the_log_was_out_of_reach_right_after_it() {
    let bench = Bench::start().await;
    let run = bench.run(TIDY).await;
    let mut output = bench.output_with(&run, unhurried());
    let log = Log::default().take_until(&mut output, "one\n").await;

    let asked = || bench.double.ledger().requests("get", "pods/log");
    let before = asked();
    bench.double.fail(1);
    bench.double.end_logs();
    let stop = async {
        wait_for_async("a request that fails", async || match asked() {
            now if now > before => Ok(()),
            now => Err(now),
        })
        .await;
        bench.stop(&run, json!({STOPPED_ANNOTATION: "now"})).await;
    };
    let (log, ()) = tokio::join!(log.take_all(&mut output), stop);

    assert_eq!((log.text(), log.complete), ("one\n".into(), Some(false)));
    assert_eq!(log.events.len(), 1, "{:?}", log.events);
}
