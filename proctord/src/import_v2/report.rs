//! What an import did: how many of each kind, and what is to be said about single ones.

use std::fmt;

/// What was done, or would be.
pub struct Report<'t> {
    pub executions: Count,
    pub procs: Count,
    pub secrets: Count,
    /// None if version 2 has no table of them.
    pub schedules: Option<Count>,
    tell: &'t mut (dyn FnMut(&Told) + Send),
}

/// How many of a kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    pub imported: u64,
    /// Left as they are here.
    pub there: u64,
    /// Imported, but not all of it as it was.
    pub remarked: u64,
    /// Not imported, because they cannot be.
    pub skipped: u64,
}

/// What is said about one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The row or key it is about.
    pub what: String,
    pub text: String,
    /// Whether it was left out for it.
    pub skipped: bool,
}

impl<'t> Report<'t> {
    pub(super) fn new(tell: &'t mut (dyn FnMut(&Told) + Send)) -> Self {
        Self {
            executions: Count::default(),
            procs: Count::default(),
            secrets: Count::default(),
            schedules: None,
            tell,
        }
    }

    /// Whether everything is here now.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        let counts = [&self.executions, &self.procs, &self.secrets];
        let mut counts = counts.into_iter().chain(&self.schedules);
        counts.all(|count| count.skipped == 0)
    }

    /// Says something about what is imported.
    pub(super) fn remark(&mut self, what: impl Into<String>, text: impl Into<String>) {
        (self.tell)(&Told {
            what: what.into(),
            text: text.into(),
            skipped: false,
        });
    }

    /// Says why something is not imported.
    pub(super) fn skip(&mut self, what: impl Into<String>, text: impl Into<String>) {
        (self.tell)(&Told {
            what: what.into(),
            text: text.into(),
            skipped: true,
        });
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = if self.skipped { "skipped: " } else { "" };
        write!(f, "{}: {skipped}{}", self.what, self.text)
    }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} imported, {} there already, {} with remarks, {} skipped",
            self.imported, self.there, self.remarked, self.skipped
        )
    }
}
