//! What really ran, as the runs themselves wrote it into a file that no proctord knows.

use std::collections::BTreeMap;

/// Every line of the ledger that was understood, and what follows from it.
#[derive(Debug, Clone, Default)]
pub struct Runs {
    by_id: BTreeMap<u64, Run>,
    /// Begins (true) and ends (false), in the order in which they happened.
    order: Vec<(u64, bool)>,
}

/// What was started for one execution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    pub starts: usize,
    /// Of those that came to their end.
    pub ends: Vec<Ending>,
}

/// How a run ended, in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ending {
    pub code: i32,
    pub lines: usize,
    /// Whether it was told to end.
    pub was_told: bool,
}

impl Runs {
    pub fn parse(ledger: &str) -> Self {
        let mut runs = Self::default();
        for line in ledger.lines() {
            let words: Vec<&str> = line.split(' ').collect();
            match words[..] {
                ["start", id, _] => runs.started(id.parse().unwrap()),
                ["end", id, code, lines, told] => runs.ended(
                    id.parse().unwrap(),
                    Ending {
                        code: code.parse().unwrap(),
                        lines: lines.parse().unwrap(),
                        was_told: told == "1",
                    },
                ),
                _ => panic!("`{line}` is no line of a run"),
            }
        }
        runs
    }

    pub fn started(&mut self, id: u64) {
        self.by_id.entry(id).or_default().starts += 1;
        self.order.push((id, true));
    }

    pub fn ended(&mut self, id: u64, ending: Ending) {
        self.by_id.entry(id).or_default().ends.push(ending);
        self.order.push((id, false));
    }

    pub fn of(&self, id: u64) -> Run {
        self.by_id.get(&id).cloned().unwrap_or_default()
    }

    pub fn ids(&self) -> impl Iterator<Item = u64> {
        self.by_id.keys().copied()
    }

    /// The most of these that ran at a time.
    pub fn most_at_once(&self, is_meant: impl Fn(u64) -> bool) -> usize {
        let meant = self.order.iter().filter(|(id, _)| is_meant(*id));
        let counts = meant.scan(0_usize, |running, (_, begins)| {
            *running = if *begins {
                *running + 1
            } else {
                running.saturating_sub(1)
            };
            Some(*running)
        });
        counts.max().unwrap_or_default()
    }
}
