//! A plan of faults: what goes wrong with each request follows from the seed and the request's number alone, so that
//! a run can be had again as far as its requests come in the same order.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;

use super::Fault;

use crate::kubernetes::refusal::Refusal;
use crate::random::Random;

/// Of the last requests so many are told after a failure.
const TOLD_REQUESTS: usize = 50;
/// A watch that is cut is so before it has told so many events.
const MOST_EVENTS_BEFORE_CUT: u64 = 10;

/// How often what goes wrong: each rate is a probability per request, or per event of a watch.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FaultPlan {
    pub seed: u64,
    /// An answer that takes its time, up to `longest_latency`.
    pub latency: f64,
    pub longest_latency: Duration,
    /// 429, to be tried again after a second.
    pub too_many_requests: f64,
    /// 500.
    pub internal_error: f64,
    /// The connection is cut before anything was done.
    pub cut_before: f64,
    /// The connection is cut after it was done: the answer is lost.
    pub cut_after: f64,
    /// No answer comes until the double is calm again.
    pub hang: f64,
    /// The history is forgotten before the request.
    pub compaction: f64,
    /// A watch breaks off after some events.
    pub watch_cut: f64,
    /// An event of a watch comes twice.
    pub duplicate_event: f64,
    /// A bookmark does not come, but for the one that ends the initial events.
    pub bookmark_gap: f64,
}

/// What is to happen to one request.
#[derive(Debug, Default)]
pub(crate) struct Course {
    pub(crate) latency: Duration,
    pub(crate) compacts: bool,
    pub(crate) fault: Option<Fault>,
    pub(crate) stream: StreamFaults,
}

/// What is to happen to the stream that a request opens.
#[derive(Debug, Default)]
pub(crate) struct StreamFaults {
    random: Random,
    events_before_cut: Option<u64>,
    duplicate_event: f64,
    bookmark_gap: f64,
}

/// A plan that is carried out.
#[derive(Debug)]
pub(crate) struct Running {
    plan: FaultPlan,
    requests: u64,
    told: Vec<String>,
}

impl Running {
    pub(crate) fn new(plan: FaultPlan) -> Self {
        Self {
            plan,
            requests: 0,
            told: Vec::new(),
        }
    }

    pub(crate) fn next(&mut self, request: &str) -> Course {
        let course = self.plan.course(self.requests);
        if let Some(line) = course.told() {
            self.told
                .push(format!("{}: {request}: {line}", self.requests));
        }
        self.requests += 1;
        course
    }

    pub(crate) fn report(&self) -> String {
        let seed = self.plan.seed;
        let mut report = format!(
            "faults of seed {seed}, {} of {} requests; the last of them:",
            self.told.len(),
            self.requests
        );
        for line in self.told.iter().rev().take(TOLD_REQUESTS).rev() {
            // Writing to a string does not fail.
            let _written = write!(report, "\n  {line}");
        }
        report
    }
}

impl FaultPlan {
    /// What happens to the request of this number.
    fn course(&self, number: u64) -> Course {
        let mut random = Random::of(self.seed, number);
        let latency = if random.is_within(self.latency) {
            self.longest_latency.mul_f64(random.fraction())
        } else {
            Duration::ZERO
        };
        let compacts = random.is_within(self.compaction);
        let fault = self.fault(random.fraction());
        let is_cut = random.is_within(self.watch_cut);
        let events = 1 + random.number() % MOST_EVENTS_BEFORE_CUT;
        Course {
            latency,
            compacts,
            fault,
            stream: StreamFaults {
                random,
                events_before_cut: is_cut.then_some(events),
                duplicate_event: self.duplicate_event,
                bookmark_gap: self.bookmark_gap,
            },
        }
    }

    /// The rates share the numbers between nought and one among them.
    fn fault(&self, mut drawn: f64) -> Option<Fault> {
        let choices: [(f64, fn() -> Fault); 5] = [
            (self.too_many_requests, || {
                Fault::Refuse(Refusal::too_many_requests(1))
            }),
            (self.internal_error, || {
                Fault::Refuse(Refusal::internal("the plan of faults says so"))
            }),
            (self.cut_before, || Fault::CutBefore),
            (self.cut_after, || Fault::CutAfter),
            (self.hang, || Fault::Hang),
        ];
        for (rate, fault) in choices {
            if drawn < rate {
                return Some(fault());
            }
            drawn -= rate;
        }
        None
    }
}

impl Course {
    /// What goes wrong in words, if anything does.
    fn told(&self) -> Option<String> {
        let mut told = Vec::new();
        if !self.latency.is_zero() {
            told.push(format!("{:?} late", self.latency));
        }
        if self.compacts {
            told.push("compaction".to_owned());
        }
        told.extend(self.fault.as_ref().map(|fault| match fault {
            Fault::Refuse(refusal) => refusal.code().to_string(),
            other => format!("{other:?}"),
        }));
        if let Some(events) = self.stream.events_before_cut {
            told.push(format!("cut after {events} events if it is a watch"));
        }
        (!told.is_empty()).then(|| told.join(", "))
    }
}

impl StreamFaults {
    /// Whether the stream breaks off instead of telling its next event.
    pub(crate) fn cut(&mut self) -> bool {
        match &mut self.events_before_cut {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        }
    }

    /// An event once, twice or not at all.
    pub(crate) fn applied(&mut self, event: Bytes) -> Bytes {
        let is_bookmark = contains(&event, br#""type":"BOOKMARK""#);
        if is_bookmark {
            let is_needed = contains(&event, b"initial-events-end");
            let is_left_out = self.random.is_within(self.bookmark_gap) && !is_needed;
            return if is_left_out { Bytes::new() } else { event };
        }
        if self.random.is_within(self.duplicate_event) {
            return [event.clone(), event].concat().into();
        }
        event
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests;
