//! What a test orders to go wrong between a client and the API server. What the cluster does is beside it.

use std::time::Duration;

use super::Kubernetes;
use super::faults::{Fault, Streamed};
use super::refusal::Refusal;

impl Kubernetes {
    /// The next requests, whatever they ask, are 429 with a second to wait.
    pub fn throttle(&self, requests: usize) {
        let refusal = Refusal::too_many_requests(1);
        self.cluster.faults.order(requests, &Fault::Refuse(refusal));
    }

    /// The next requests, whatever they ask, are 500.
    pub fn fail(&self, requests: usize) {
        let refusal = Refusal::internal("the double was told to fail");
        self.cluster.faults.order(requests, &Fault::Refuse(refusal));
    }

    /// The connections of the next requests are cut before anything is done.
    pub fn cut_before(&self, requests: usize) {
        self.cluster.faults.order(requests, &Fault::CutBefore);
    }

    /// The connections of the next requests are cut after what they ask is done: their answers are lost.
    pub fn cut_after(&self, requests: usize) {
        self.cluster.faults.order(requests, &Fault::CutAfter);
    }

    /// The next requests are never answered: until `cut` or `calm` their connections stay as they are.
    pub fn hang(&self, requests: usize) {
        self.cluster.faults.order(requests, &Fault::Hang);
    }

    /// From now on every request is answered only after this time.
    pub fn delay(&self, latency: Duration) {
        self.cluster.faults.set_latency(latency);
    }

    /// Breaks every open watch and log off, and what hangs, as a connection that is lost.
    pub fn cut(&self) {
        self.cluster.faults.cut();
    }

    /// Ends every open log as if it were whole, although its container runs on: so does a kubelet that restarts.
    pub fn end_logs(&self) {
        self.cluster.faults.end_logs();
    }

    /// No open log tells another word or ends, until `cut` or `calm`; new ones do.
    pub fn hang_logs(&self) {
        self.cluster.faults.hang(Streamed::Log);
    }

    /// No open watch tells another word or ends, until `cut` or `calm`; new ones do.
    pub fn hang_watches(&self) {
        self.cluster.faults.hang(Streamed::Watch);
    }

    /// Rotates every log now.
    pub fn rotate_logs(&self) {
        for log in self.cluster.logs() {
            log.rotate();
        }
    }

    /// From now on nothing goes wrong any more, planned or ordered; what hangs is broken off.
    pub fn calm(&self) {
        self.cluster.faults.calm();
    }
}
