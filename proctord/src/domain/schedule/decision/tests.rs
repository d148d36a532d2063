//! Decisions of many kinds, held against moments that are counted one by one.

use jiff::{SignedDuration, Timestamp, ToSpan};
use proctor_api::{NotifyOn, Overlap, Why};
use proptest::prelude::*;

use super::super::{Definition, MisfireRule, ScheduleId, Timing};
use super::{Cover, Decision, Gate, Situation, close, decide, due_at};

fn id() -> ScheduleId {
    ScheduleId::try_from(4711).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn definition(cron: &str) -> Definition {
    Definition {
        proc_name: "report".parse().unwrap(),
        args: [].into(),
        tags: "t".into(),
        group: "g".into(),
        emails: vec!["ann@example.com".into()],
        timing: Timing::Cron {
            stored: format!("0 {cron}"),
            not_before: None,
            not_after: None,
        },
        time_zone: "Europe/Berlin".into(),
        overlap: Overlap::Allow,
        misfire: MisfireRule::Once,
        misfire_after: 60,
        jitter_seconds: 0,
        notify_on: NotifyOn::Always,
    }
}

struct Case {
    definition: Definition,
    covered_until: Timestamp,
    is_live: bool,
    gate: Gate,
}

impl Case {
    fn of(definition: Definition) -> Self {
        Self {
            definition,
            covered_until: at("2026-11-21T12:00:00Z"),
            is_live: false,
            gate: Gate::Open,
        }
    }

    fn at(&self, now: &str) -> Decision {
        self.decide(at(now))
    }

    fn decide(&self, now: Timestamp) -> Decision {
        let moments = self.definition.moments().unwrap();
        decide(&Situation {
            id: id(),
            definition: &self.definition,
            moments: &moments,
            covered_until: self.covered_until,
            now,
            is_live: self.is_live,
            gate: self.gate,
        })
    }
}

fn pass(from: &str, to: &str, count: u64, why: Why) -> Cover {
    Cover::Pass(super::Stretch {
        from: at(from),
        to: at(to),
        count,
        why,
    })
}

fn fires(moments: &[&str]) -> Vec<Cover> {
    moments
        .iter()
        .map(|moment| Cover::Fire(at(moment)))
        .collect()
}

#[test]
fn up_to_its_patience_late_is_in_time() {
    let case = Case::of(definition("* * * * *"));

    assert_eq!(case.at("2026-11-21T12:00:59Z").covers, []);
    let in_time = case.at("2026-11-21T12:02:00Z");
    let both = fires(&["2026-11-21T12:01:00Z", "2026-11-21T12:02:00Z"]);
    assert_eq!(in_time.covers, both);
    assert_eq!(in_time.next_at, Some(at("2026-11-21T12:03:00Z")));
    let late = case.at("2026-11-21T12:02:00.000001Z");
    assert_eq!(
        late.covers, both,
        "the latest missed one fires beside the one in time"
    );
}

#[test]
fn the_misfire_rule_says_which_of_the_missed_fire() {
    let covers = |misfire, now: &str| {
        let definition = Definition {
            misfire,
            ..definition("0 * * * *")
        };
        Case::of(definition).at(now).covers
    };
    let (first, last) = ("2026-11-21T13:00:00Z", "2026-11-21T20:00:00Z");
    let now = "2026-11-21T20:30:00Z";

    assert_eq!(
        covers(MisfireRule::Skip, now),
        [pass(first, last, 8, Why::Downtime)]
    );
    let once = covers(MisfireRule::Once, now);
    let folded = pass(first, "2026-11-21T19:00:00Z", 7, Why::Downtime);
    assert_eq!(once, [folded, Cover::Fire(at(last))]);
    let three = covers(MisfireRule::All(3), now);
    let folded = pass(first, "2026-11-21T17:00:00Z", 5, Why::Downtime);
    let fired = fires(&["2026-11-21T18:00:00Z", "2026-11-21T19:00:00Z", last]);
    assert_eq!(three, [vec![folded], fired].concat());
    let all = covers(MisfireRule::All(100), now);
    assert_eq!(all.len(), 8, "{all:?}");
}

#[test]
fn the_overlap_rule_decides_over_what_is_left() {
    let covers = |overlap, is_live| {
        let definition = Definition {
            overlap,
            misfire: MisfireRule::All(2),
            ..definition("0 * * * *")
        };
        let decision = Case {
            is_live,
            ..Case::of(definition)
        }
        .at("2026-11-21T15:30:00Z");
        (decision.covers, decision.replaces)
    };
    let (one, two, three) = (
        "2026-11-21T13:00:00Z",
        "2026-11-21T14:00:00Z",
        "2026-11-21T15:00:00Z",
    );
    let folded = pass(one, one, 1, Why::Downtime);
    let overlap = |from, to, count| pass(from, to, count, Why::Overlap);
    let fire = |moment| Cover::Fire(at(moment));

    for is_live in [false, true] {
        let allowed = vec![folded, fire(two), fire(three)];
        assert_eq!(covers(Overlap::Allow, is_live), (allowed, false));
        let replaced = vec![folded, overlap(two, two, 1), fire(three)];
        assert_eq!(covers(Overlap::Replace, is_live), (replaced, is_live));
    }
    let forbidden = vec![folded, overlap(two, three, 2)];
    assert_eq!(covers(Overlap::Forbid, true), (forbidden, false));
    let first = vec![folded, fire(two), overlap(three, three, 1)];
    assert_eq!(covers(Overlap::Forbid, false), (first, false));
}

#[test]
fn behind_a_shut_gate_everything_due_is_one_stretch() {
    let case = Case {
        gate: Gate::Shut(Why::Held),
        ..Case::of(definition("*/10 * * * *"))
    };

    let decision = case.at("2026-11-21T13:05:00Z");

    let all = pass("2026-11-21T12:10:00Z", "2026-11-21T13:00:00Z", 6, Why::Held);
    assert_eq!(decision.covers, [all]);
    assert_eq!(decision.covered_until, at("2026-11-21T13:00:00Z"));
}

#[test]
fn a_clock_that_goes_back_has_nothing_due() {
    let case = Case::of(definition("* * * * *"));

    let decision = case.at("2026-11-21T11:00:00Z");

    assert_eq!(decision.covers, []);
    assert_eq!(decision.covered_until, case.covered_until);
    assert_eq!(decision.next_at, Some(at("2026-11-21T12:01:00Z")));
}

#[test]
fn jitter_puts_a_firing_off_and_leaves_its_moment() {
    let definition = Definition {
        jitter_seconds: 600,
        ..definition("0 13 * * *")
    };
    let moment = at("2026-11-22T12:00:00Z");
    let due = due_at(id(), &definition, moment);
    assert!(due > moment, "this id and moment have a jitter");
    let case = Case::of(definition);

    let early = case.decide(due - 1.second());
    assert_eq!((early.covers, early.next_at), (vec![], Some(due)));
    assert_eq!(case.decide(due).covers, [Cover::Fire(moment)]);
    let patient = due + SignedDuration::from_secs(60);
    assert_eq!(case.decide(patient).covers, [Cover::Fire(moment)]);
}

#[test]
fn one_moment_fires_once_and_is_over() {
    let moment = at("2026-11-21T12:30:00Z");
    let definition = Definition {
        timing: Timing::Once(moment),
        ..definition("* * * * *")
    };
    let case = Case::of(definition);

    assert_eq!(case.at("2026-11-21T12:29:59Z").next_at, Some(moment));
    let decision = case.at("2026-12-24T00:00:00Z");
    assert_eq!(decision.covers, [Cover::Fire(moment)]);
    assert_eq!(decision.next_at, None);
}

#[test]
fn what_is_closed_is_covered_to_the_present() {
    let moments = definition("*/10 * * * *").moments().unwrap();
    let (from, now) = (at("2026-11-21T12:00:00Z"), at("2026-11-21T12:35:00Z"));

    let closed = close(&moments, from, now, Why::Paused).unwrap();

    assert_eq!(
        (closed.from, closed.to),
        (at("2026-11-21T12:10:00Z"), at("2026-11-21T12:30:00Z"))
    );
    assert_eq!(closed.count, 3);
    assert_eq!(close(&moments, now, now, Why::Paused), None);
}

/// Takes what a decision covers from the front of what is expected; every moment must be where it is expected.
fn take_covered(expected: &mut Vec<Timestamp>, decision: &Decision) {
    for cover in &decision.covers {
        match cover {
            Cover::Fire(moment) => assert_eq!(expected.remove(0), *moment),
            Cover::Pass(stretch) => {
                let count = usize::try_from(stretch.count).unwrap();
                let passed: Vec<_> = expected.drain(..count).collect();
                assert_eq!(passed.first(), Some(&stretch.from));
                assert_eq!(passed.last(), Some(&stretch.to));
            }
        }
    }
}

fn crons() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("* * * * *".to_owned()),
        Just("*/7 * * * *".to_owned()),
        Just("30 2 * * *".to_owned()),
        Just("0,30 2,3 * * *".to_owned()),
        Just("5/20 */3 * * 1-5".to_owned()),
    ]
}

fn rules() -> impl Strategy<Value = Definition> {
    let misfire = prop_oneof![
        Just(MisfireRule::Skip),
        Just(MisfireRule::Once),
        (1_u32..=100).prop_map(MisfireRule::All),
    ];
    let overlap = prop_oneof![
        Just(Overlap::Allow),
        Just(Overlap::Forbid),
        Just(Overlap::Replace),
    ];
    let jitter = prop_oneof![Just(0_u32), 1_u32..900];
    (crons(), misfire, overlap, 0_u32..300, jitter).prop_map(
        |(cron, misfire, overlap, misfire_after, jitter_seconds)| Definition {
            misfire,
            overlap,
            misfire_after,
            jitter_seconds,
            ..definition(&cron)
        },
    )
}

/// How long after the last look the next one is, whether something is live then, and whether the gate is shut.
fn looks() -> impl Strategy<Value = Vec<(i64, bool, bool)>> {
    let pause =
        prop_oneof![4 => 1_i64..120, 2 => 60_i64..4000, 1 => 20_000_i64..90_000, 1 => -300_i64..0];
    prop::collection::vec((pause, any::<bool>(), prop::bool::weighted(0.2)), 1..60)
}

proptest! {
    #[test]
    fn every_moment_is_covered_exactly_once(definition in rules(), looks in looks()) {
        // The clocks of Berlin change in the night after.
        let start = at("2026-10-24T20:00:00Z");
        let moments = definition.moments().unwrap();
        let horizon = start + 600.hours();
        let mut expected: Vec<_> = moments.moments_between(start, horizon, usize::MAX)
            .into_iter().map(|moment| moment.instant).collect();
        let mut case = Case { covered_until: start, ..Case::of(definition) };
        let mut now = start;
        let longest = SignedDuration::from_secs(case.definition.jitter_seconds.into());
        for (pause, is_live, is_shut) in looks {
            now += SignedDuration::from_secs(pause);
            if now > horizon { break; }
            case.is_live = is_live;
            case.gate = if is_shut { Gate::Shut(Why::Held) } else { Gate::Open };
            let decision = case.decide(now);
            take_covered(&mut expected, &decision);
            case.covered_until = decision.covered_until;
            // What is left is not due, and the next look is when the first of it is.
            if let Some(first) = expected.first() {
                prop_assert!(*first + longest > now, "{first} is due at {now}");
                prop_assert!(*first > case.covered_until);
                prop_assert_eq!(decision.next_at, Some(due_at(id(), &case.definition, *first)));
            }
            let fired = decision.covers.iter().filter(|cover| matches!(cover, Cover::Fire(_)));
            let fired = fired.count();
            match case.definition.overlap {
                _ if is_shut => prop_assert_eq!(fired, 0),
                Overlap::Forbid => prop_assert!(fired <= usize::from(!is_live)),
                Overlap::Replace => prop_assert!(fired <= 1),
                Overlap::Allow => {}
            }
        }
    }
}
