//! What is known after a run: what clients were told, what the store holds, and what really ran. Nothing is judged
//! here.

mod log;
mod runs;

use std::collections::BTreeMap;

use proctor_api::Status;

use crate::plan::Wish;

pub use log::{Log, LogLine};
pub use runs::{Ending, Run, Runs};

/// All that is known after a run.
#[derive(Debug, Clone, Default)]
pub struct History {
    pub told: Vec<Told>,
    /// By id.
    pub stored: BTreeMap<u64, Stored>,
    /// As the runs themselves wrote it.
    pub runs: Runs,
    /// How many containers the cluster has started, by id.
    pub containers: BTreeMap<u64, usize>,
    /// Objects of the cluster that nobody has cleared away.
    pub left_over: Vec<String>,
    /// Logs whose chunks do not make a whole.
    pub uneven_logs: Vec<u64>,
    /// Where the service and its store say different things.
    pub disagreements: Vec<String>,
}

/// What the clients of a wish were told.
#[derive(Debug, Clone)]
pub struct Told {
    pub wish: Wish,
    /// Every id that a request with its key was answered with.
    pub ids: Vec<u64>,
    /// Each status that was seen, one after the other.
    pub statuses: Vec<Status>,
    /// Where it stood when a stop was answered, and whether the answer names the wish.
    pub stop: Option<(Status, bool)>,
    /// Its log, as its follower has it.
    pub copy: Option<Log>,
    /// Answers that nobody should get.
    pub strange: Vec<String>,
}

/// What the store holds of an execution.
#[derive(Debug, Clone)]
pub struct Stored {
    pub key: Option<String>,
    pub status: Status,
    pub exit_code: Option<i32>,
    pub reason: Option<String>,
    /// Every status with the one that it has now.
    pub steps: Vec<Status>,
    pub has_slot: bool,
    pub is_log_open: bool,
    pub log: Log,
}

impl Told {
    pub fn nothing_yet(wish: Wish) -> Self {
        Self {
            wish,
            ids: Vec::new(),
            statuses: Vec::new(),
            stop: None,
            copy: None,
            strange: Vec::new(),
        }
    }

    pub fn copy_mut(&mut self) -> &mut Log {
        self.copy.get_or_insert_default()
    }
}
