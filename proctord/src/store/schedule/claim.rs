//! What becomes of schedules that are claimed: which of their moments fire, and how each schedule stands afterwards.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use proctor_api::Why;

use super::{Aim, Prepared};
use crate::domain::name::ExecutionName;
use crate::domain::schedule::{
    Cover, Decision, Gate, Held, Schedule, ScheduleId, Situation, decide, due_at,
};
use crate::store::NewExecution;
use crate::store::time::truncated;

/// A schedule that is claimed, and what was decided over it.
pub(in crate::store) struct Claim<'p> {
    pub schedule: Schedule,
    pub decision: Decision,
    /// As it is from now on.
    pub held: Option<Held>,
    template: Option<&'p NewExecution>,
}

/// Decides over those that were locked. What was prepared for another version or other moments, or does not fit a hold
/// that has just begun or ended, is left for the next time.
pub(in crate::store) fn claims<'p>(
    locked: Vec<Schedule>,
    prepared: &'p [Prepared],
    live: &BTreeSet<ScheduleId>,
    is_held: bool,
    now: Timestamp,
) -> Vec<Claim<'p>> {
    let prepared: BTreeMap<_, _> = prepared.iter().map(|one| (one.id, one)).collect();
    let claims = locked.into_iter().filter_map(|schedule| {
        let prepared = prepared.get(&schedule.id)?;
        let is_current = prepared.version == schedule.version
            && prepared.covered_until == schedule.covered_until;
        is_current.then(|| claim(schedule, prepared, live, is_held, now))?
    });
    claims.collect()
}

fn claim<'p>(
    schedule: Schedule,
    prepared: &'p Prepared,
    live: &BTreeSet<ScheduleId>,
    is_held: bool,
    now: Timestamp,
) -> Option<Claim<'p>> {
    let stays_held = matches!(schedule.held, Some(Held::ByDocument(_)));
    let (template, held) = match &prepared.aim {
        _ if is_held || stays_held => (None, schedule.held.clone()),
        Aim::Run(template) => (Some(&**template), None),
        Aim::Hold(held) => (None, Some(held.clone())),
        Aim::Pass => return None,
    };
    let gate = match template {
        Some(_) => Gate::Open,
        None => Gate::Shut(Why::Held),
    };
    let mut decision = decide(&Situation {
        id: schedule.id,
        definition: &schedule.definition,
        moments: &prepared.moments,
        covered_until: schedule.covered_until,
        now,
        is_live: live.contains(&schedule.id),
        gate,
    });
    decision.covered_until = truncated(decision.covered_until);
    Some(Claim {
        schedule,
        decision,
        held,
        template,
    })
}

impl Claim<'_> {
    /// The moments that fire, each with what is to be accepted for it.
    pub(in crate::store) fn fires(&self) -> Vec<(Timestamp, NewExecution)> {
        let Some(template) = self.template else {
            return Vec::new();
        };
        let fires = self.decision.covers.iter().filter_map(|cover| match cover {
            Cover::Fire(moment) => Some(*moment),
            Cover::Pass(_) => None,
        });
        fires
            .map(|moment| {
                let name = ExecutionName::generate();
                let new = NewExecution {
                    name,
                    ..template.clone()
                };
                (moment, new)
            })
            .collect()
    }

    /// How late a moment fires.
    pub(in crate::store) fn lateness(
        &self,
        moment: Timestamp,
        now: Timestamp,
    ) -> std::time::Duration {
        let due = due_at(self.schedule.id, &self.schedule.definition, moment);
        now.duration_since(due).try_into().unwrap_or_default()
    }

    /// How many moments were missed and do not fire.
    pub(in crate::store) fn missed(&self) -> u64 {
        let missed = self.decision.covers.iter().map(|cover| match cover {
            Cover::Pass(stretch) if stretch.why == Why::Downtime => stretch.count,
            Cover::Pass(_) | Cover::Fire(_) => 0,
        });
        missed.sum()
    }
}
