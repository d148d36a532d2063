//! A hold: after a backup was put back, what was accepted before is not started a second time. What is held, and why.

use jiff::Timestamp;

use crate::domain::name::ExecutionName;

/// A hold that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    pub since: Timestamp,
    /// In words, why it began.
    pub reason: String,
    /// How many executions it still holds.
    pub held: u64,
}

/// Something that a runner had under a name that no execution bears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranger {
    pub name: ExecutionName,
    pub noticed_at: Timestamp,
}

/// What a look at the names that a runner has came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noticed {
    /// All that no execution bears.
    pub strangers: Vec<ExecutionName>,
    /// How many executions are held because of those among them that are new; `None` if none is.
    pub held: Option<u64>,
}

/// Why a hold begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause<'a> {
    /// proctord was started with this word.
    Word(&'a str),
    /// So many things were found that no execution stands for.
    Strangers(usize),
}

impl Cause<'_> {
    /// As people read it.
    pub(super) fn in_words(self) -> String {
        match self {
            Self::Word(word) => format!("proctord was started with PROCTOR_HOLD={word}"),
            Self::Strangers(count) => {
                format!("{count} runs were found that no execution here stands for")
            }
        }
    }
}
