//! One of two replicas dies or falls asleep at a named point around launch, stop, finish, clean-up, adoption, firing
//! and delivery on a cluster. The other one takes over. Each execution has one Job, one run, its real outcome and its
//! log, each moment one row, and what goes out comes; who slept writes nothing more about it when it wakes, and serves
//! again.

mod adoption;
mod delivering;
mod firing;
mod moments;
mod receivers;
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
