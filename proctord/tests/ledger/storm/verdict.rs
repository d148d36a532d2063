//! What a storm came to, in counts.

use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;

use super::replica::Suffered;

/// The most mistakes that are told.
const TOLD: usize = 10;

/// What a storm came to.
#[derive(Default)]
pub struct Verdict {
    pub seed: u64,
    pub took: Duration,
    pub suffered: Vec<Suffered>,
    pub schedules: usize,
    pub expected: usize,
    pub rows: usize,
    pub executions: usize,
    pub runs: usize,
    pub deliveries: usize,
    pub arrivals: usize,
    pub latest: SignedDuration,
    pub mistakes: Vec<String>,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.mistakes.is_empty() && self.expected > 0
    }

    pub fn demand(&mut self, holds: bool, mistake: impl FnOnce() -> String) {
        if !holds {
            self.mistakes.push(mistake());
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sum = |count: fn(&Suffered) -> usize| self.suffered.iter().map(count).sum::<usize>();
        write!(
            f,
            "storm, seed {}: {} schedules, {} moments expected: {} rows, {} executions, {} runs, {} deliveries came {} \
             times; the latest fired {:.1} s late; replicas were killed {} times, stopped {} times, struck at a \
             point {} times; {:.1} s",
            self.seed,
            self.schedules,
            self.expected,
            self.rows,
            self.executions,
            self.runs,
            self.deliveries,
            self.arrivals,
            self.latest.as_secs_f64(),
            sum(|it| it.kills),
            sum(|it| it.stops),
            sum(|it| it.strikes),
            self.took.as_secs_f64(),
        )?;
        for mistake in self.mistakes.iter().take(TOLD) {
            write!(f, "\n  {mistake}")?;
        }
        Ok(())
    }
}
