use proctor_testkit::postgres;

// The benchmark `running_jobs` measures the same with thousands.
#[path = "../../benches/running_jobs/fleet.rs"]
mod fleet;

/// Enough that a request per event or a lost one shows, and few enough for seconds.
const JOBS: usize = 200;

#[tokio::test]
async fn many_jobs_run_at_once_by_two_watches_and_no_request_for_an_event() {
    let report = fleet::measure(JOBS, postgres::Server::start()).await;

    println!("{report}");
    assert_eq!(report.broken_promises(), Vec::<String>::new());
}
