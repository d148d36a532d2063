use std::time::Duration;

use proctor_testkit::wait_for_async;

use crate::bench::{Bench, Log, quick};

const BLOCKS: usize = 400;

/// A million bytes in lines.
fn block() -> Vec<u8> {
    let lines = (0..10_000).flat_map(|line| format!("{line:099}\n").into_bytes());
    lines.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_that_takes_nothing_holds_nobody_back() {
    // Files are rotated every 400 ms: who lags behind by two of them loses lines and never hears the end.
    let rotation = quick().log_rotation(1 << 20, Duration::from_millis(400));
    let bench = Bench::of(rotation).await;
    std::fs::write(bench.path("block"), block()).unwrap();
    let path = bench.path("block");
    let path = path.display();
    let run = bench
        .run(&format!(
            "i=0; while [ $i -lt {BLOCKS} ]; do cat {path}; i=$((i + 1)); sleep 0.02; done"
        ))
        .await;
    let mut output = bench.output(&run, None);
    bench
        .seen(&run, "its end", |seen| {
            seen.job.as_ref().is_some_and(|job| job.succeeded == 1)
        })
        .await;
    // The last read is the one that proves the end: then all was read though nothing was taken.
    wait_for_async("all is read", async || {
        let reads = bench.double.ledger().requests("get", "pods/log");
        if reads >= 2 { Ok(()) } else { Err(reads) }
    })
    .await;

    let block = block();
    let mut taken = 0;
    let mut log = Log::default();
    while log.take(&mut output, 512 << 10).await {
        for byte in log.bytes.drain(..) {
            assert_eq!(byte, block[taken % block.len()], "at {taken}");
            taken += 1;
        }
    }

    assert_eq!((taken, log.complete), (BLOCKS * block.len(), Some(true)));
    assert!(log.events.is_empty(), "{:?}", log.events);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_hundred_pods_are_followed_at_once() {
    let bench = Bench::start().await;
    let mut runs = Vec::new();
    for number in 0..300 {
        let go = bench.path("go");
        let script = format!(
            "echo {number}; until [ -e {} ]; do sleep 0.5; done; seq 1 100; echo {number}",
            go.display()
        );
        runs.push(bench.run(&script).await);
    }
    let mut outputs: Vec<_> = runs.iter().map(|run| bench.output(run, None)).collect();
    let mut logs = Vec::new();
    for (number, output) in outputs.iter_mut().enumerate() {
        let first = format!("{number}\n");
        logs.push(Log::default().take_until(output, &first).await);
    }

    bench.double.cut();
    std::fs::write(bench.path("go"), "").unwrap();

    let middle: String = (1..=100).map(|line| format!("{line}\n")).collect();
    for (number, (log, mut output)) in logs.into_iter().zip(outputs).enumerate() {
        let log = log.take_all(&mut output).await;
        log.assert_is(format!("{number}\n{middle}{number}\n").as_bytes());
    }
}
