use std::fmt::Write as _;
use std::time::Duration;

use serde_json::json;

use crate::bench::{Bench, Log, quick};

fn numbers(to: u32) -> Vec<u8> {
    let mut text = String::new();
    for number in 1..=to {
        writeln!(text, "{number}").unwrap();
    }
    text.into_bytes()
}

#[tokio::test]
async fn a_million_lines_are_whole_through_cuts_and_early_ends() {
    let bench = Bench::start().await;
    let run = bench
        .run("i=0; while [ $i -lt 100 ]; do seq $((i * 10000 + 1)) $(((i + 1) * 10000)); i=$((i + 1)); sleep 0.05; done")
        .await;
    let mut output = bench.output(&run, None);

    let interrupt = async {
        // Each time a second of lines comes again: to be interrupted faster than that is read would lead nowhere.
        for number in 0.. {
            tokio::time::sleep(Duration::from_millis(300)).await;
            match number % 2 {
                0 => bench.double.cut(),
                _ => bench.double.end_logs(),
            }
        }
    };
    let log = tokio::select! {
        log = Log::default().take_all(&mut output) => log,
        () = interrupt => unreachable!(),
    };

    log.assert_is(&numbers(1_000_000));
    let opened = bench.double.ledger().requests("get", "pods/log");
    assert!(opened > 5, "{opened}");
}

#[tokio::test]
async fn every_stored_cursor_leads_to_the_rest() {
    let bench = Bench::start().await;
    let long = "x".repeat(40_000);
    let script =
        format!("seq 1 30000; echo {long}; seq 1 20000 >&2; printf 'a\\000\\377\\nno end'");
    let run = bench.run(&script).await;
    let mut expected = numbers(30_000);
    expected.extend_from_slice(format!("{long}\n").as_bytes());
    expected.extend(numbers(20_000));
    expected.extend_from_slice(b"a\0\xff\nno end");
    let mut whole = Log::default();
    let mut output = bench.output(&run, None);
    while whole.take(&mut output, 1).await {}
    whole.assert_is(&expected);
    assert!(whole.cursors.len() > 4, "{:?}", whole.cursors);

    for (cursor, taken, _) in &whole.cursors {
        let mut output = bench.output(&run, Some(cursor));
        let rest = Log::default().take_all(&mut output).await;
        rest.assert_is(&expected[*taken..]);
    }
}

#[tokio::test]
async fn a_container_that_waits_is_not_asked_over_and_over() {
    let bench = Bench::of(quick().node_capacity(1, 1 << 30)).await;
    let run = bench
        .run_with("echo here", json!({"backoffLimit": 0, "suspend": true}))
        .await;
    let mut output = bench.output(&run, None);
    bench
        .seen(&run, "a suspended Job", |seen| seen.job.is_some())
        .await;
    assert_eq!(bench.double.ledger().requests("get", "pods/log"), 0);

    bench.resume(&run).await;

    Log::default()
        .take_all(&mut output)
        .await
        .assert_is(b"here\n");
    let asked = bench.double.ledger().requests("get", "pods/log");
    assert!(asked <= 2, "{asked} times");
}

#[tokio::test]
async fn a_stop_does_not_cut_off_last_words() {
    let bench = Bench::start().await;
    let run = bench
        .run("trap 'echo last words; exit 1' TERM; echo begun; while :; do sleep 0.05; done")
        .await;
    let mut output = bench.output(&run, None);
    let begun = Log::default().take_until(&mut output, "begun\n").await;

    bench.delete(&run, "propagationPolicy=Foreground").await;

    begun
        .take_all(&mut output)
        .await
        .assert_is(b"begun\nlast words\n");
}

#[tokio::test]
async fn a_deadline_does_not_cut_off_last_words() {
    let bench = Bench::start().await;
    let script = "trap 'echo last words; exit 0' TERM; echo begun; while :; do sleep 0.05; done";
    let spec = json!({"backoffLimit": 0, "activeDeadlineSeconds": 1});
    let run = bench.run_with(script, spec).await;

    let mut output = bench.output(&run, None);
    let log = Log::default().take_all(&mut output).await;

    log.assert_is(b"begun\nlast words\n");
}

#[tokio::test]
async fn a_stream_that_hangs_is_left_when_its_container_has_ended() {
    let bench = Bench::start().await;
    let go = bench.path("go");
    let script = format!(
        "echo one; until [ -e {} ]; do sleep 0.02; done; echo two",
        go.display()
    );
    let run = bench.run(&script).await;
    let mut output = bench.output(&run, None);
    let begun = Log::default().take_until(&mut output, "one\n").await;

    bench.double.hang_logs();
    std::fs::write(go, "").unwrap();

    begun.take_all(&mut output).await.assert_is(b"one\ntwo\n");
}

#[tokio::test]
async fn what_may_not_be_read_is_an_error() {
    use proctord::runner::Output;

    let bench = Bench::start().await;
    bench.double.forbid("get", "pods/log");
    let run = bench.run("echo hidden").await;

    let mut output = bench.output(&run, None);
    let refused = output.next(99).await.unwrap_err();

    let text = proctord::telemetry::chain(&refused);
    assert!(text.contains("is not allowed"), "{text}");
}
