//! An execution that somebody wishes for, and what its clients do.

use std::fmt;
use std::time::Duration;

use proctor_testkit::Random;

use super::{Form, REPLICAS};

/// How many executions of the limited proc may run at a time.
pub const MOST_AT_ONCE: usize = 2;

/// How often the retried proc is tried again.
pub const RETRIES: usize = 2;

/// Which proc is wished for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proc {
    Plain,
    /// Only so many of it run at a time.
    Limited,
    /// It prints its secret.
    Secret,
    /// It is tried again if it fails.
    Retried,
}

/// One execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub number: usize,
    pub at: Duration,
    pub proc: Proc,
    pub lines: usize,
    /// Between two lines.
    pub pause: Duration,
    pub code: i32,
    /// The replica that is asked first.
    pub replica: usize,
    /// How long after its acceptance it is to be stopped, and with which grace.
    pub stop: Option<(Duration, u32)>,
    /// Whether somebody follows its log.
    pub is_followed: bool,
    /// Whether it is asked for twice at once, with one key.
    pub is_repeated: bool,
}

impl Proc {
    pub const ALL: [Self; 4] = [Self::Plain, Self::Limited, Self::Secret, Self::Retried];

    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Limited => "limited",
            Self::Secret => "secret",
            Self::Retried => "retried",
        }
    }

    /// How often it may be started for one execution.
    pub fn most_starts(self) -> usize {
        match self {
            Self::Retried => 1 + RETRIES,
            _ => 1,
        }
    }
}

impl Wish {
    /// By which repeated requests are known as one.
    pub fn key(&self) -> String {
        format!("wish-{}", self.number)
    }
}

pub fn all(random: &mut Random, form: Form) -> Vec<Wish> {
    let mut wishes: Vec<Wish> = (0..form.executions)
        .map(|number| one(random, number, form.over))
        .collect();
    wishes.sort_by_key(|wish| wish.at);
    wishes
}

fn one(random: &mut Random, number: usize, over: Duration) -> Wish {
    let proc = random.one_of(&[
        Proc::Plain,
        Proc::Plain,
        Proc::Plain,
        Proc::Limited,
        Proc::Secret,
        Proc::Retried,
    ]);
    let (lines, pause) = length(random, proc);
    // A limit is held against the order of begins and ends, and one that was ended may not tell its end.
    let may_be_stopped = proc != Proc::Limited;
    let stop = (may_be_stopped && random.is_within(0.15)).then(|| {
        let after = Duration::from_millis(random.between(0, 3_000));
        (after, u32::try_from(random.between(1, 4)).unwrap_or(1))
    });
    Wish {
        number,
        at: over.mul_f64(random.fraction()),
        proc,
        lines,
        pause,
        code: random.one_of(&[0, 0, 0, 1, 2, 7, 42, 125, 255]),
        replica: random.one_of(&[0, 1, 2]) % REPLICAS,
        stop,
        is_followed: random.is_within(0.3),
        is_repeated: random.is_within(0.2),
    }
}

/// Some are short, some write much, some take their time.
fn length(random: &mut Random, proc: Proc) -> (usize, Duration) {
    let (most, pause) = match (proc, random.between(0, 4)) {
        (Proc::Limited, _) => (20, Duration::from_millis(20)),
        (_, 0) => (3, Duration::ZERO),
        (_, 1) => (2_000, Duration::ZERO),
        (_, 2) => (20, Duration::from_millis(50)),
        _ => (60, Duration::from_millis(100)),
    };
    let lines = usize::try_from(random.between(0, most)).unwrap_or_default();
    (lines, pause)
}

impl fmt::Display for Wish {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, proc, code) = (self.number, self.proc.name(), self.code);
        write!(
            f,
            "{:8.3} wish {number}: {proc}, {} lines {:?} apart, code {code}, asked of {}",
            self.at.as_secs_f64(),
            self.lines,
            self.pause,
            self.replica
        )?;
        if let Some((after, grace)) = self.stop {
            write!(f, ", stopped after {after:?} with {grace} s")?;
        }
        if self.is_followed {
            write!(f, ", followed")?;
        }
        if self.is_repeated {
            write!(f, ", asked twice")?;
        }
        Ok(())
    }
}
