//! What becomes of the moments of a schedule that are due: each one fires, or belongs to a stretch that does not. Pure:
//! the present, what is live and what is covered are handed in, and the same situation is always decided alike.
//!
//! A moment is due when its jitter is over and every moment before it is due. What is late by more than the schedule
//! allows counts as missed; the misfire rule says which of those fire all the same, and then the overlap rule decides
//! over all that would.

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use proctor_api::{Overlap, Why};
use proctor_cron::jitter;

use super::definition::Definition;
use super::id::ScheduleId;

/// Whether a schedule may fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Open,
    Shut(Why),
}

/// All that a decision hangs on.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    pub id: ScheduleId,
    pub definition: &'a Definition,
    /// Those of the definition, worked out once.
    pub moments: &'a proctor_cron::Schedule,
    /// Every moment up to this one is accounted for.
    pub covered_until: Timestamp,
    pub now: Timestamp,
    /// Whether an execution of the schedule is live.
    pub is_live: bool,
    pub gate: Gate,
}

/// Moments that do not fire, for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// The first of them.
    pub from: Timestamp,
    /// The last of them.
    pub to: Timestamp,
    pub count: u64,
    pub why: Why,
}

/// What becomes of a moment, or of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    Fire(Timestamp),
    Pass(Stretch),
}

/// What becomes of all that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// In the order of the moments; each due one is in exactly one of them.
    pub covers: Vec<Cover>,
    /// Whether what is live is to be stopped.
    pub replaces: bool,
    pub covered_until: Timestamp,
    /// When there is something to decide again.
    pub next_at: Option<Timestamp>,
}

/// The moments that are due, those that were missed apart.
struct Due {
    /// Missed for so long that they are only counted: those between what is covered and this.
    long_missed_until: Timestamp,
    long_missed: u64,
    missed: Vec<Timestamp>,
    in_time: Vec<Timestamp>,
    next_at: Option<Timestamp>,
}

/// Decides over everything that is due.
#[must_use]
pub fn decide(situation: &Situation<'_>) -> Decision {
    let due = Due::of(situation);
    let newest = due.newest(situation);
    let Some(newest) = newest else {
        return Decision {
            covers: Vec::new(),
            replaces: false,
            covered_until: situation.covered_until,
            next_at: due.next_at,
        };
    };
    let (covers, replaces) = match situation.gate {
        Gate::Shut(why) => (vec![situation.stretch(newest, due.count(), why)], false),
        Gate::Open => fire(situation, &due),
    };
    Decision {
        covers,
        replaces,
        covered_until: newest,
        next_at: due.next_at,
    }
}

/// Covers all that is due and everything before the present beside, without firing: the schedule is to be another
/// one from now on.
#[must_use]
pub fn close(
    moments: &proctor_cron::Schedule,
    covered_until: Timestamp,
    now: Timestamp,
    why: Why,
) -> Option<Stretch> {
    let count = moments.count_between(covered_until, now);
    let from = moments.next_after(covered_until)?;
    let to = moments.newest_between(covered_until, now, 1).pop()?;
    (count > 0).then_some(Stretch {
        from: from.instant,
        to: to.instant,
        count,
        why,
    })
}

/// When a moment is due.
#[must_use]
pub fn due_at(id: ScheduleId, definition: &Definition, moment: Timestamp) -> Timestamp {
    let late = jitter(id.into(), moment, definition.jitter_seconds);
    moment.saturating_add(late).unwrap_or(Timestamp::MAX)
}

fn fire(situation: &Situation<'_>, due: &Due) -> (Vec<Cover>, bool) {
    let missed = due.missed_count();
    let kept = situation.definition.misfire.keeps().min(missed);
    let mut covers = Vec::new();
    // One more than fire, so that the last one that does not is known as well.
    let mut tail = due.newest_missed(situation, kept.saturating_add(1));
    let candidates = tail.split_off(
        tail.len()
            .saturating_sub(usize::try_from(kept).unwrap_or(0)),
    );
    if let Some(last) = tail.pop() {
        covers.push(situation.stretch(last, missed - kept, Why::Downtime));
    }
    let candidates: Vec<_> = candidates.into_iter().chain(due.in_time.clone()).collect();
    let is_replaced = situation.is_live && !candidates.is_empty();
    match situation.definition.overlap {
        Overlap::Allow => covers.extend(candidates.into_iter().map(Cover::Fire)),
        Overlap::Forbid => {
            let fires = usize::from(!situation.is_live).min(candidates.len());
            let (first, others) = candidates.split_at(fires);
            covers.extend(first.iter().copied().map(Cover::Fire));
            covers.extend(overlapping(others));
        }
        Overlap::Replace => {
            let (others, last) = candidates.split_at(candidates.len().saturating_sub(1));
            covers.extend(overlapping(others));
            covers.extend(last.iter().copied().map(Cover::Fire));
        }
    }
    let replaces = situation.definition.overlap == Overlap::Replace && is_replaced;
    (covers, replaces)
}

fn overlapping(moments: &[Timestamp]) -> Option<Cover> {
    let (from, to) = (*moments.first()?, *moments.last()?);
    Some(Cover::Pass(Stretch {
        from,
        to,
        count: moments.len() as u64,
        why: Why::Overlap,
    }))
}

impl Situation<'_> {
    /// The uncovered moments up to one, as one stretch.
    fn stretch(&self, to: Timestamp, count: u64, why: Why) -> Cover {
        let first = self.moments.next_after(self.covered_until);
        Cover::Pass(Stretch {
            from: first.map_or(to, |moment| moment.instant),
            to,
            count,
            why,
        })
    }
}

impl Due {
    fn of(situation: &Situation<'_>) -> Self {
        let definition = situation.definition;
        let (covered, now) = (situation.covered_until, situation.now);
        let patience = SignedDuration::from_secs(definition.misfire_after.into());
        let longest = SignedDuration::from_secs(definition.jitter_seconds.into());
        // Whatever its jitter, a moment before this one is missed.
        let margin = patience + longest + SignedDuration::from_secs(1);
        let long_missed_until = now
            .saturating_sub(margin)
            .unwrap_or(Timestamp::MIN)
            .max(covered);
        let recent = situation
            .moments
            .moments_between(long_missed_until, now, usize::MAX);
        let mut due = Self {
            long_missed_until,
            long_missed: situation.moments.count_between(covered, long_missed_until),
            missed: Vec::new(),
            in_time: Vec::new(),
            next_at: None,
        };
        let mut at = Timestamp::MIN;
        for moment in recent {
            at = at.max(due_at(situation.id, definition, moment.instant));
            if at > now {
                due.next_at = Some(at);
                return due;
            }
            if now.duration_since(at) > patience {
                due.missed.push(moment.instant);
            } else {
                due.in_time.push(moment.instant);
            }
        }
        let next = situation.moments.next_after(now.max(covered));
        due.next_at = next.map(|moment| due_at(situation.id, definition, moment.instant));
        due
    }

    fn missed_count(&self) -> u64 {
        self.long_missed + self.missed.len() as u64
    }

    fn count(&self) -> u64 {
        self.missed_count() + self.in_time.len() as u64
    }

    /// The last moment that is due.
    fn newest(&self, situation: &Situation<'_>) -> Option<Timestamp> {
        let in_time = self.in_time.last().copied();
        in_time.or_else(|| self.newest_missed(situation, 1).pop())
    }

    /// The last missed moments, oldest first.
    fn newest_missed(&self, situation: &Situation<'_>, count: u64) -> Vec<Timestamp> {
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let recent = &self.missed[self.missed.len().saturating_sub(count)..];
        let older = count - recent.len();
        if older == 0 || self.long_missed == 0 {
            return recent.to_vec();
        }
        let older = situation.moments.newest_between(
            situation.covered_until,
            self.long_missed_until,
            older,
        );
        let older = older.into_iter().map(|moment| moment.instant);
        older.chain(recent.iter().copied()).collect()
    }
}
