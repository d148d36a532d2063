//! Holds what is known after a run against what must be. It looks at nothing but the history.

mod answers;
mod logs;
mod rest;
mod runs;

use std::fmt;

use crate::history::{History, Stored, Told};

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// It was accepted, and it is not there or never ran, though nobody stopped it.
    Lost,
    /// It ran more often than it may, or one key has become two executions.
    Doubled,
    /// The store has another outcome than the run.
    WrongOutcome,
    /// Bytes are lost, doubled or made up, and the log does not say so.
    BrokenLog,
    /// A follower has something else than what is stored.
    BrokenCopy,
    /// A status went backwards.
    Backwards,
    /// It did not come to its end, or holds a slot though it has.
    Stuck,
    /// Something of it stays on the cluster.
    LeftOver,
    /// An answer that nobody should get.
    Strange,
}

impl Flaw {
    const ALL: [(Self, &'static str); 9] = [
        (Self::Lost, "lost"),
        (Self::Doubled, "doubled"),
        (Self::WrongOutcome, "wrong outcomes"),
        (Self::BrokenLog, "broken logs"),
        (Self::BrokenCopy, "broken copies"),
        (Self::Backwards, "backwards"),
        (Self::Stuck, "stuck"),
        (Self::LeftOver, "left over"),
        (Self::Strange, "strange answers"),
    ];
}

/// What was found.
#[derive(Debug)]
pub struct Verdict {
    seed: u64,
    accepted: usize,
    ended: usize,
    /// What is told and therefore right, but worth knowing.
    asides: Vec<(&'static str, usize)>,
    /// The same in words.
    told: Vec<String>,
    flaws: Vec<(Flaw, String)>,
}

impl Verdict {
    pub fn holds(&self) -> bool {
        self.flaws.is_empty()
    }

    pub fn flaws(&self) -> impl Iterator<Item = Flaw> {
        self.flaws.iter().map(|(flaw, _)| *flaw)
    }

    /// All counts in one line.
    pub fn counts(&self) -> String {
        let (seed, accepted, ended) = (self.seed, self.accepted, self.ended);
        let flaws = Flaw::ALL.iter();
        let flaws: Vec<_> = flaws
            .map(|(flaw, words)| format!("{} {words}", self.count(*flaw)))
            .collect();
        let asides = self.asides.iter();
        let asides: Vec<_> = asides
            .map(|(words, count)| format!("{count} {words}"))
            .collect();
        format!(
            "chaos: seed {seed}: {accepted} accepted, {ended} ended, {} ({})",
            flaws.join(", "),
            asides.join(", ")
        )
    }

    fn told(&mut self, text: String) {
        self.told.push(text);
    }

    fn found(&mut self, flaw: Flaw, text: String) {
        self.flaws.push((flaw, text));
    }

    fn count(&self, flaw: Flaw) -> usize {
        self.flaws().filter(|found| *found == flaw).count()
    }
}

/// Every flaw in a line of its own, and a last line with the counts.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for text in &self.told {
            writeln!(f, "told: {text}")?;
        }
        for (flaw, text) in &self.flaws {
            writeln!(f, "{flaw:?}: {text}")?;
        }
        f.write_str(&self.counts())
    }
}

pub fn check(seed: u64, history: &History) -> Verdict {
    let mut verdict = Verdict {
        seed,
        accepted: 0,
        ended: 0,
        asides: Vec::new(),
        told: Vec::new(),
        flaws: Vec::new(),
    };
    answers::check(history, &mut verdict);
    runs::check(history, &mut verdict);
    logs::check(history, &mut verdict);
    rest::check(history, &mut verdict);
    verdict
}

impl History {
    /// The wishes that were accepted, each with its id and what is stored of it.
    fn accepted(&self) -> impl Iterator<Item = (&Told, u64, &Stored)> {
        self.told.iter().filter_map(|told| {
            let id = *told.ids.first()?;
            Some((told, id, self.stored.get(&id)?))
        })
    }
}
