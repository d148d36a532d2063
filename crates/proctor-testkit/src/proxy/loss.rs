//! One answer that is to be lost: what was asked is done, and whoever asked never hears of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nothing, until it is armed.
#[derive(Debug, Default)]
pub(super) struct Loss(Mutex<Option<Armed>>);

/// What is waited for.
#[derive(Debug)]
struct Armed {
    /// Words that must come one after the other on one connection, the next one last.
    words: Vec<&'static str>,
    /// The connection on which the first of them came.
    connection: Option<usize>,
}

impl Loss {
    pub(super) fn arm(&self, words: &[&'static str]) {
        *self.armed() = Some(Armed {
            words: words.iter().rev().copied().collect(),
            connection: None,
        });
    }

    pub(super) fn is_armed(&self) -> bool {
        self.armed().is_some()
    }

    /// Takes notice of a request, and tells whether its answer is to be lost, which is so once.
    pub(super) fn hears(&self, number: usize, request: &[u8]) -> bool {
        let mut armed = self.armed();
        let is_it = armed
            .as_mut()
            .is_some_and(|armed| armed.hears(number, request));
        if is_it {
            *armed = None;
        }
        is_it
    }

    fn armed(&self) -> MutexGuard<'_, Option<Armed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    fn hears(&mut self, number: usize, request: &[u8]) -> bool {
        let holds = |word: &str| {
            let mut parts = request.windows(word.len());
            parts.any(|part| part == word.as_bytes())
        };
        let is_it = self
            .connection
            .is_none_or(|connection| connection == number);
        if is_it && self.words.last().is_some_and(|word| holds(word)) {
            self.words.pop();
            self.connection = Some(number);
        }
        self.words.is_empty()
    }
}
