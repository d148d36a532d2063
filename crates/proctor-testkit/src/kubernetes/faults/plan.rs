//! A plan of faults: what goes wrong with each request follows from the seed and the request's number alone, so that
//! a run can be had again as far as its requests come in the same order.

use std::fmt::Write;
use std::time::Duration;

use bytes::Bytes;

use super::Fault;
use crate::kubernetes::refusal::Refusal;

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
        let events = 1 + random.next() % MOST_EVENTS_BEFORE_CUT;
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

/// Numbers from a seed (`SplitMix64`): the same ones on every machine.
#[derive(Debug, Clone, Copy, Default)]
struct Random(u64);

impl Random {
    /// Neighbouring requests have nothing in common.
    fn of(seed: u64, number: u64) -> Self {
        let mut random = Self(seed);
        Self(random.next() ^ Self(number).next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Between nought and one.
    fn fraction(&mut self) -> f64 {
        let high = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(high) / (f64::from(u32::MAX) + 1.0)
    }

    fn is_within(&mut self, rate: f64) -> bool {
        self.fraction() < rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(seed: u64) -> FaultPlan {
        FaultPlan {
            seed,
            latency: 0.2,
            longest_latency: Duration::from_millis(10),
            too_many_requests: 0.1,
            internal_error: 0.1,
            cut_before: 0.1,
            cut_after: 0.1,
            hang: 0.1,
            compaction: 0.1,
            watch_cut: 0.3,
            duplicate_event: 0.5,
            bookmark_gap: 0.5,
        }
    }

    fn report(seed: u64) -> String {
        let mut running = Running::new(plan(seed));
        for _ in 0..1000 {
            running.next("GET /");
        }
        running.report()
    }

    #[test]
    fn a_seed_makes_the_same_faults_again_and_another_makes_others() {
        assert_eq!(report(1), report(1));
        assert_ne!(report(1), report(2));
    }

    #[test]
    fn each_fault_comes_about_as_often_as_the_plan_says() {
        let plan = plan(7);
        let courses: Vec<_> = (0..10_000).map(|number| plan.course(number)).collect();
        let count = |holds: fn(&Course) -> bool| courses.iter().filter(|one| holds(one)).count();

        for (what, seen, wanted) in [
            ("latency", count(|one| !one.latency.is_zero()), 2_000),
            ("compaction", count(|one| one.compacts), 1_000),
            ("none", count(|one| one.fault.is_none()), 5_000),
            (
                "429",
                count(|one| matches!(&one.fault, Some(Fault::Refuse(why)) if why.code() == 429)),
                1_000,
            ),
            (
                "hang",
                count(|one| matches!(one.fault, Some(Fault::Hang))),
                1_000,
            ),
            (
                "watch",
                count(|one| one.stream.events_before_cut.is_some()),
                3_000,
            ),
        ] {
            assert!(seen.abs_diff(wanted) < wanted / 5, "{what}: {seen}");
        }
    }

    #[test]
    fn a_plan_without_rates_does_nothing() {
        let mut running = Running::new(FaultPlan::default());
        let mut course = running.next("GET /");
        assert!(course.told().is_none());
        let event = Bytes::from(r#"{"type":"ADDED"}"#);
        assert_eq!(course.stream.applied(event.clone()), event);
    }

    #[test]
    fn events_come_twice_and_bookmarks_are_left_out_but_for_the_one_that_is_needed() {
        let mut stream = StreamFaults {
            duplicate_event: 1.0,
            bookmark_gap: 1.0,
            events_before_cut: Some(1),
            random: Random::default(),
        };
        let event = Bytes::from("{\"type\":\"ADDED\"}\n");
        assert!(!stream.cut() && stream.cut());
        assert_eq!(stream.applied(event.clone()).len(), 2 * event.len());
        let bookmark = Bytes::from("{\"object\":{},\"type\":\"BOOKMARK\"}\n");
        assert_eq!(stream.applied(bookmark), Bytes::new());
        let needed = Bytes::from(
            "{\"object\":{\"k8s.io/initial-events-end\":\"true\"},\"type\":\"BOOKMARK\"}\n",
        );
        assert_eq!(stream.applied(needed.clone()), needed);
    }
}
