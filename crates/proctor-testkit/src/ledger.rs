//! A file to which every process under test appends a line when it runs: what really ran, told by nobody's
//! database.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A ledger that exists as long as its folder.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
}

impl Ledger {
    /// A ledger in the given folder, empty at first.
    ///
    /// # Panics
    /// The file cannot be made.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        let path = folder.join("ledger");
        fs::write(&path, "").expect("the ledger can be made");
        Self { path }
    }

    /// Where processes append to. One `echo` of a short line is appended whole.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How often each line was written.
    ///
    /// # Panics
    /// The file cannot be read.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let text = fs::read_to_string(&self.path).expect("the ledger can be read");
        let mut counts = BTreeMap::new();
        for line in text.lines() {
            *counts.entry(line.to_owned()).or_default() += 1;
        }
        counts
    }
}
