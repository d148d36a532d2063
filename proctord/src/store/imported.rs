//! Executions of version 2 on their way into the store. What their rows meant there is decided by whoever
//! reads them; here they are history.

use bytes::Bytes;
use jiff::Timestamp;
use proctor_api::{LogEnd, LogEvent, LogEventKind};

use crate::domain::execution::Plan;
use crate::domain::lifecycle::Legacy;
use crate::domain::name::{ExecutionName, ProcName};

/// An execution of version 2.
#[derive(Debug, Clone)]
pub struct Imported {
    pub name: ExecutionName,
    pub proc_name: ProcName,
    pub user: String,
    pub plan: Plan,
    pub legacy: Legacy,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub log: ImportedLog,
}

/// The log of an execution of version 2, to its end.
#[derive(Debug, Clone, Default)]
pub struct ImportedLog {
    pub bytes: Bytes,
    /// In words, what is missing behind the bytes.
    pub missing: Option<String>,
}

/// What became of executions that were to be imported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportCount {
    /// Stored now.
    pub stored: u64,
    /// There already, and left as they were.
    pub there: u64,
}

impl Imported {
    /// The events of its log, the end last; `complete` says whether the store kept all bytes.
    #[must_use]
    pub fn events(&self, complete: bool) -> Vec<LogEvent> {
        let offset = self.log.bytes.len() as u64;
        let gap = self.log.missing.clone();
        let end = LogEnd {
            status: self.legacy.status,
            exit_code: None,
            signal: None,
            reason: self.legacy.reason.clone(),
            bytes: offset,
            log_complete: complete && gap.is_none(),
        };
        gap.map(|text| LogEventKind::Gap { text })
            .into_iter()
            .chain([LogEventKind::End(end)])
            .map(|kind| LogEvent { offset, kind })
            .collect()
    }
}
