//! Jobs and Pods come by two watches, so their changes may be seen in any order that keeps that of each object. What
//! is made of them in the end must be the same.

use proptest::prelude::*;

use super::super::{STOPPED_ANNOTATION, Verdict};
use super::recording::{Recording, Shown};
use crate::domain::lifecycle::{Cause, Exit};

fn recordings() -> Vec<Recording> {
    let mut stopped = Recording::of("stopped-by-suspend");
    stopped.annotate_suspension(STOPPED_ANNOTATION, "ops@example.com, 2026-11-20T21:50:17Z");
    stopped.add_job_status(|status| status["terminating"] = 0.into());
    let scenarios = [
        "success",
        "exit-code",
        "oom",
        "retry-then-fail",
        "evicted-once",
        "deadline",
        "stopped-foreground",
        "stopped-background-ignores-term",
        "ttl",
    ];
    let mut recordings: Vec<_> = scenarios.into_iter().map(Recording::of).collect();
    recordings.push(stopped);
    recordings
}

/// One order of the events that keeps the order within each object: each pick says whose event comes next.
fn interleave(recording: &Recording, picks: &[prop::sample::Index]) -> Vec<Shown> {
    let mut objects: Vec<_> = recording.by_object();
    for events in &mut objects {
        events.reverse();
    }
    let mut order = Vec::new();
    for pick in picks.iter().cycle() {
        objects.retain(|events| !events.is_empty());
        if objects.is_empty() {
            break;
        }
        let chosen = pick.index(objects.len());
        order.extend(objects[chosen].pop());
    }
    order
}

/// What of an end is the same whenever it is learnt.
fn told(verdict: &Verdict) -> Option<(Cause, Option<Exit>, Option<String>)> {
    match verdict {
        Verdict::Ended(end) => Some((end.cause, end.ending.exit, end.ending.reason.clone())),
        _ => None,
    }
}

proptest! {
    #[test]
    fn the_order_of_two_watches_changes_no_verdict(
        which in any::<prop::sample::Index>(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 60..120),
    ) {
        let recordings = recordings();
        let recording = &recordings[which.index(recordings.len())];
        let recorded = recording.first_end(&recording.events);
        let recorded = recorded.map(|(_, end)| Verdict::Ended(end));
        let order = interleave(recording, &picks);

        let in_the_end = recording.in_the_end(&order);

        prop_assert_eq!(told(&in_the_end), recorded.as_ref().and_then(told));
    }

    #[test]
    fn no_order_of_two_watches_makes_another_outcome_believed_early(
        which in any::<prop::sample::Index>(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 60..120),
    ) {
        let recordings = recordings();
        let recording = &recordings[which.index(recordings.len())];
        let recorded = recording.first_end(&recording.events);
        let recorded = recorded.map(|(_, end)| Verdict::Ended(end));
        let order = interleave(recording, &picks);

        let early = recording.first_end_unasked(&order);

        if let Some(end) = early {
            prop_assert_eq!(told(&Verdict::Ended(end)), recorded.as_ref().and_then(told));
        }
    }
}
