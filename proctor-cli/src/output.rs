//! How answers look: one trait, one implementation per format. They make text; they print nothing.

mod json;
mod name;
mod schedule;
mod table;
mod text;

use proctor_api::{AuditRow, Execution, Metadata, Published};

use serde::Serialize;

use crate::cli::{Format, OutputArgs};
use crate::client::User;
use crate::console;
pub use crate::output::schedule::{Removed, ScheduleOutput};
pub use crate::output::table::pair;
pub use crate::output::text::waits;

/// A secret that a proc declares, or that is set for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SecretRow {
    pub name: String,
    pub is_set: bool,
    pub is_declared: bool,
    pub description: String,
}

/// Turns answers into what stdout gets.
pub trait Output: ScheduleOutput {
    fn procs(&self, procs: &[Metadata]) -> String;
    fn proc(&self, metadata: &Metadata) -> String;
    /// An execution as it stands.
    fn execution(&self, execution: &Execution) -> String;
    /// An execution that was accepted or is being stopped: little more than its id.
    fn receipt(&self, execution: &Execution) -> String;
    fn executions(&self, executions: &[Execution]) -> String;
    /// What stands above the executions, where that is apart from them.
    fn executions_heading(&self, _executions: &[Execution]) -> Option<String> {
        None
    }
    fn published(&self, published: &Published) -> String;
    fn secrets(&self, secrets: &[SecretRow]) -> String;
    fn audit(&self, rows: &[AuditRow]) -> String;
    /// What stands above the audit trail, where that is apart from it.
    fn audit_heading(&self, _rows: &[AuditRow]) -> Option<String> {
        None
    }
    fn user(&self, user: &User) -> String;
    /// Whether headings and hints go along on stderr.
    fn chats(&self) -> bool {
        false
    }
}

impl OutputArgs {
    /// The implementation for the format asked for.
    #[must_use]
    pub fn output(&self) -> Box<dyn Output> {
        match self.format {
            Format::Text => Box::new(text::Text {
                width: console::stdout_width(),
            }),
            Format::Json => Box::new(json::Json),
            Format::Name => Box::new(name::Name),
        }
    }
}

#[cfg(test)]
mod tests;
