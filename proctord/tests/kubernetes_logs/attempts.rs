use serde_json::json;

use crate::bench::{Bench, Log};

#[tokio::test]
async fn what_was_tried_again_is_told_between_the_logs() {
    let bench = Bench::start().await;
    let tried = bench.path("tried");
    let script = format!(
        "if [ -e {0} ]; then echo second; else touch {0}; echo first; exit 3; fi",
        tried.display()
    );
    let run = bench.run_with(&script, json!({"backoffLimit": 1})).await;

    let mut output = bench.output(&run, None);
    let log = Log::default().take_all(&mut output).await;

    let told = (6, "attempt 1 exited with 3; next attempt".to_owned());
    assert_eq!(
        (log.text(), &log.events[..]),
        ("first\nsecond\n".into(), &[told][..])
    );
    assert_eq!(log.complete, Some(true));
    for (cursor, bytes, events) in &log.cursors {
        let mut output = bench.output(&run, Some(cursor));
        let rest = Log::default().take_all(&mut output).await;
        assert_eq!(rest.bytes, log.bytes[*bytes..], "behind {cursor}");
        assert_eq!(
            rest.events.len(),
            log.events.len() - events,
            "behind {cursor}"
        );
        assert_eq!(rest.complete, Some(true), "behind {cursor}");
    }
}

#[tokio::test]
async fn what_never_began_has_an_empty_log_that_is_whole() {
    let bench = Bench::start().await;
    let run = bench
        .run_with("true", json!({"backoffLimit": 0, "suspend": true}))
        .await;
    let mut output = bench.output(&run, None);
    bench
        .seen(&run, "a suspended Job", |seen| seen.job.is_some())
        .await;

    bench.delete(&run, "propagationPolicy=Background").await;

    Log::default().take_all(&mut output).await.assert_is(b"");
}
