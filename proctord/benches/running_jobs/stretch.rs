//! A stretch of the measurement: how long it took, what proctord used meanwhile, and what the cluster was asked.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proctor_testkit::kubernetes::Kubernetes;

use super::process::Usage;

/// What a stretch came to.
#[derive(Debug)]
pub(super) struct Stretch {
    pub(super) wall: Duration,
    pub(super) cpu: Duration,
    /// As `create jobs`, each with how often.
    pub(super) requests: BTreeMap<String, usize>,
}

impl Stretch {
    pub(super) fn asked(&self, request: &str) -> usize {
        self.requests.get(request).copied().unwrap_or_default()
    }
}

/// Measures from now on.
pub(super) struct Watch<'a> {
    double: &'a Kubernetes,
    pid: u32,
    began: Instant,
    cpu: Duration,
    requests: BTreeMap<String, usize>,
}

impl<'a> Watch<'a> {
    pub(super) fn start(double: &'a Kubernetes, pid: u32) -> Self {
        Self {
            double,
            pid,
            began: Instant::now(),
            cpu: Usage::of(pid).cpu,
            requests: requests(double),
        }
    }

    pub(super) fn stop(self) -> Stretch {
        let mut requests = requests(self.double);
        requests.retain(|request, count| {
            *count -= self.requests.get(request).copied().unwrap_or_default();
            *count > 0
        });
        Stretch {
            wall: self.began.elapsed(),
            cpu: Usage::of(self.pid).cpu - self.cpu,
            requests,
        }
    }
}

fn requests(double: &Kubernetes) -> BTreeMap<String, usize> {
    let ledger = double.ledger();
    let asked = ledger.all_requests().iter();
    asked
        .map(|((verb, resource), count)| (format!("{verb} {resource}"), *count))
        .collect()
}
