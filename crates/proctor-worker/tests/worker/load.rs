//! Many jobs at once.

use std::sync::Arc;

use crate::support::{Bench, all_output, name, outcome, sh};

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_jobs_run_side_by_side() {
    let bench = Arc::new(Bench::new());
    let jobs: Vec<_> = (0..200)
        .map(|number| {
            let bench = Arc::clone(&bench);
            tokio::spawn(async move {
                let name = name(&format!("job-{number}"));
                let job = bench
                    .start(&name, sh(&format!("echo {number}; exit {}", number % 100)))
                    .await;
                let outcome = outcome(&job).await;
                (number, outcome, all_output(&bench.worker, &name).await)
            })
        })
        .collect();

    for job in jobs {
        let (number, outcome, output) = job.await.expect("a job ends");
        assert_eq!(outcome.exit_code, Some(number % 100));
        assert_eq!(output, format!("{number}\n").into_bytes());
    }
    assert_eq!(bench.worker.names().await.expect("a listing").len(), 200);
}
