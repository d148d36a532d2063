//! What goes wrong with single requests to the cluster, all the time.

use std::time::Duration;

use proctor_testkit::kubernetes::FaultPlan;

pub fn faults(seed: u64) -> FaultPlan {
    FaultPlan {
        seed,
        latency: 0.1,
        longest_latency: Duration::from_millis(300),
        too_many_requests: 0.02,
        internal_error: 0.02,
        cut_before: 0.01,
        cut_after: 0.02,
        hang: 0.003,
        compaction: 0.005,
        watch_cut: 0.1,
        duplicate_event: 0.05,
        bookmark_gap: 0.2,
    }
}
