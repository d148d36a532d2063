//! How answers look: one trait, one implementation per format. They make text; they print nothing.

mod json;
mod name;
mod text;

use proctor_api::{Execution, Metadata, Published};

use crate::cli::{Format, OutputArgs};
pub use crate::output::text::history_heading;

/// Turns answers into what stdout gets.
pub trait Output {
    fn procs(&self, procs: &[Metadata]) -> String;
    fn proc(&self, metadata: &Metadata) -> String;
    /// An execution as it stands.
    fn execution(&self, execution: &Execution) -> String;
    /// An execution that was accepted or is being stopped: little more than its id.
    fn receipt(&self, execution: &Execution) -> String;
    fn executions(&self, executions: &[Execution]) -> String;
    fn published(&self, published: &Published) -> String;
    /// Whether headings and hints go along on stderr.
    fn chats(&self) -> bool {
        false
    }
}

impl OutputArgs {
    /// The implementation for the format asked for.
    #[must_use]
    pub fn output(&self) -> &'static dyn Output {
        match self.format {
            Format::Text => &text::Text,
            Format::Json => &json::Json,
            Format::Name => &name::Name,
        }
    }
}

#[cfg(test)]
mod tests;
