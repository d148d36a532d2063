//! What every store decides over queues and slots in the same way: who is next, and where one stands. It reads
//! nothing: each database hands in what it has counted.

use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::Deserialize;

use super::StoreError;
use crate::domain::id::ExecutionId;
use crate::domain::name::ProcName;

/// Which queues slots are given out to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queues<'a> {
    /// That of the proc of which an execution has ended. If the installation has a limit, its slot is anybody's, and
    /// this is as good as all.
    Of(&'a ProcName),
    All,
}

/// The first in the queue of a proc, and how full that proc is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Head {
    pub id: ExecutionId,
    pub created_at: Timestamp,
    pub proc_name: String,
    /// How many its proc may have at once, as its plan says.
    pub max_concurrent: Option<u32>,
    /// How many of its proc have a slot.
    pub taken: i64,
}

impl Head {
    /// Whether its proc has a slot left.
    pub(super) fn fits(&self) -> bool {
        self.max_concurrent
            .is_none_or(|limit| self.taken < i64::from(limit))
    }
}

/// How full the installation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    Unlimited,
    Limited { limit: NonZeroU32, taken: i64 },
}

impl Room {
    pub(super) fn is_left(self) -> bool {
        match self {
            Self::Unlimited => true,
            Self::Limited { limit, taken } => taken < i64::from(limit.get()),
        }
    }

    /// The same with one slot more taken.
    pub(super) fn with_one_more(self) -> Self {
        match self {
            Self::Unlimited => Self::Unlimited,
            Self::Limited { limit, taken } => Self::Limited {
                limit,
                taken: taken + 1,
            },
        }
    }
}

/// Who is to get the next slot: the oldest of those whose proc has one left.
pub(super) fn next(heads: &[Head], room: Room) -> Option<&Head> {
    let fitting = heads.iter().filter(|head| head.fits());
    fitting
        .min_by_key(|head| (head.created_at, head.id))
        .filter(|_| room.is_left())
}

/// How many a proc may have at once, as a stored plan says; nothing else in the plan is looked at.
pub(super) fn limit_of(id: ExecutionId, plan: &str) -> Result<Option<u32>, StoreError> {
    #[derive(Deserialize)]
    struct Limit {
        max_concurrent: Option<u32>,
    }
    serde_json::from_str::<Limit>(plan)
        .map(|plan| plan.max_concurrent)
        .map_err(|error| StoreError::damaged(format!("column plan of execution {id}"), error))
}

/// Where an execution stands that waits for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// 1 for the one whose turn is next.
    pub position: u64,
    /// How many wait in all, this one included.
    pub length: u64,
    /// What it waits for; `None` if its turn has come.
    pub limit: Option<SlotLimit>,
}

/// A limit that is reached, by those that have a slot and those that are before one in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotLimit {
    /// `max_concurrent` of the proc. Position and length are those among its own executions.
    Proc(u32),
    /// That of the installation. Position and length are those among all that wait.
    Installation(NonZeroU32),
}

/// How many wait before one, how many wait in all, and how many have a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts {
    pub before: i64,
    pub waiting: i64,
    pub taken: i64,
}

impl Counts {
    fn reach(self, limit: u32) -> bool {
        self.taken + self.before >= i64::from(limit)
    }

    fn place(self, limit: Option<SlotLimit>) -> Place {
        Place {
            position: self.before.unsigned_abs() + 1,
            length: self.waiting.unsigned_abs(),
            limit,
        }
    }

    /// The place among those of its own proc.
    pub(super) fn place_in_proc(self, max_concurrent: Option<u32>) -> Place {
        let limit = max_concurrent.filter(|limit| self.reach(*limit));
        self.place(limit.map(SlotLimit::Proc))
    }

    /// The place among all that wait, for one that its own proc does not hold back.
    pub(super) fn place_among_all(self, max_concurrent: NonZeroU32) -> Place {
        let limit = Some(max_concurrent).filter(|limit| self.reach(limit.get()));
        self.place(limit.map(SlotLimit::Installation))
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, Head, Room, SlotLimit, next};
    use crate::domain::id::ExecutionId;
    use jiff::Timestamp;

    fn head(second: i64, max_concurrent: Option<u32>, taken: i64) -> Head {
        let created_at = Timestamp::from_second(second).unwrap();
        Head {
            id: ExecutionId::compose(created_at, 1),
            created_at,
            proc_name: format!("proc-{second}"),
            max_concurrent,
            taken,
        }
    }

    #[test]
    fn the_oldest_whose_proc_has_a_slot_left_is_next() {
        let heads = [
            head(3, None, 9),
            head(1, Some(2), 2),
            head(2, Some(2), 1),
            head(4, None, 0),
        ];
        let limit = 5.try_into().unwrap();

        let found = next(&heads, Room::Unlimited).unwrap();
        assert_eq!(found.proc_name, "proc-2");
        let room = Room::Limited { limit, taken: 4 };
        assert_eq!(next(&heads, room), Some(found));
        assert_eq!(next(&heads, room.with_one_more()), None);
        assert_eq!(next(&heads[1..2], Room::Unlimited), None);
    }

    #[test]
    fn a_place_names_the_limit_that_holds_it_back() {
        let counts = |before, taken| Counts {
            before,
            waiting: 7,
            taken,
        };
        let ten = 10.try_into().unwrap();

        let in_proc = counts(2, 2).place_in_proc(Some(2));
        assert_eq!((in_proc.position, in_proc.length), (3, 7));
        assert_eq!(in_proc.limit, Some(SlotLimit::Proc(2)));
        assert_eq!(counts(0, 1).place_in_proc(Some(2)).limit, None);
        assert_eq!(counts(5, 9).place_in_proc(None).limit, None);
        let among_all = counts(1, 9).place_among_all(ten);
        assert_eq!(among_all.limit, Some(SlotLimit::Installation(ten)));
        assert_eq!(counts(0, 9).place_among_all(ten).limit, None);
    }
}
