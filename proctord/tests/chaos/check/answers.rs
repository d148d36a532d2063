//! What clients were told: one execution for each key, no status that goes backwards, a stop that is kept.

use proctor_api::Status;

use super::{Flaw, Verdict};
use crate::history::{History, Stored, Told};

pub fn check(history: &History, verdict: &mut Verdict) {
    for told in &history.told {
        check_acceptance(told, history, verdict);
        for strange in &told.strange {
            verdict.found(Flaw::Strange, format!("{}: {strange}", told.wish.key()));
        }
    }
    for (told, id, stored) in history.accepted() {
        check_statuses(id, told, stored, verdict);
    }
    for told in &history.disagreements {
        verdict.found(Flaw::Strange, told.clone());
    }
}

fn check_acceptance(told: &Told, history: &History, verdict: &mut Verdict) {
    let key = told.wish.key();
    let Some(id) = told.ids.first() else {
        return verdict.found(Flaw::Stuck, format!("{key} was never accepted"));
    };
    verdict.accepted += 1;
    if told.ids.iter().any(|other| other != id) {
        let text = format!("{key} was answered with {:?}", told.ids);
        verdict.found(Flaw::Doubled, text);
    }
    let keyed = history.stored.iter();
    let keyed = keyed.filter(|(_, stored)| stored.key.as_deref() == Some(&key));
    let ids: Vec<_> = keyed.map(|(id, _)| *id).collect();
    match ids[..] {
        [stored] if stored == *id => {}
        [] => verdict.found(
            Flaw::Lost,
            format!("{key} was answered with {id}, which is not stored"),
        ),
        _ => verdict.found(
            Flaw::Doubled,
            format!("{key}, answered with {id}, is stored as {ids:?}"),
        ),
    }
}

fn check_statuses(id: u64, told: &Told, stored: &Stored, verdict: &mut Verdict) {
    for (who, statuses) in [
        ("clients saw", &told.statuses),
        ("the store has", &stored.steps),
    ] {
        let is_forward = statuses
            .windows(2)
            .all(|pair| rank(pair[0]) < rank(pair[1]));
        if !is_forward {
            verdict.found(Flaw::Backwards, format!("{id}: {who} {statuses:?}"));
        }
        let last = statuses.last().filter(|last| last.is_terminal());
        if last.is_some_and(|last| *last != stored.status) {
            let text = format!("{id}: {who} {statuses:?}, and now it is {}", stored.status);
            verdict.found(Flaw::Backwards, text);
        }
    }
}

/// Where in a life a status stands.
fn rank(status: Status) -> usize {
    match status {
        Status::Received => 0,
        Status::Queued => 1,
        Status::Created => 2,
        Status::Running => 3,
        _ => 4,
    }
}
