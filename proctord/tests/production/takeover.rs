//! One of two replicas dies or falls asleep at a named point around launch, stop, finish, clean-up and adoption on a
//! cluster. The other one, which runs all the time, takes over. Each execution has one Job, one run, its real outcome
//! and its log; who slept writes nothing more about it when it wakes, and serves again.

mod adoption;
mod replica;
mod runs;
mod scene;
mod stops;
mod told;

/// What happens to a replica at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Dies,
    /// It wakes when the other one has brought the execution to its end.
    WakesAfterTheEnd,
    /// It wakes as soon as the other one has taken over.
    WakesInBetween,
}

impl Fate {
    /// As `PROCTOR_FAIL_POINTS` calls it.
    fn action(self) -> &'static str {
        match self {
            Self::Dies => "crash",
            Self::WakesAfterTheEnd | Self::WakesInBetween => "pause",
        }
    }
}
