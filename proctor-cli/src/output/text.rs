//! Answers for people, in the Go client's columns. Whatever others wrote is made visible first.

mod execution;
mod proc;

use proctor_api::{Execution, Metadata, Published};

use crate::console::row;
use crate::escape::visible;
use crate::output::Output;
pub use crate::output::text::execution::history_heading;

pub struct Text;

impl Output for Text {
    fn procs(&self, procs: &[Metadata]) -> String {
        let line = |metadata: &Metadata| {
            line(row(
                &visible(&metadata.name),
                &visible(&metadata.description),
            ))
        };
        procs.iter().map(line).collect()
    }

    fn proc(&self, metadata: &Metadata) -> String {
        proc::describe(metadata)
    }

    fn execution(&self, execution: &Execution) -> String {
        execution::status(execution)
    }

    fn receipt(&self, execution: &Execution) -> String {
        execution::receipt(execution)
    }

    fn executions(&self, executions: &[Execution]) -> String {
        execution::history(executions)
    }

    fn published(&self, published: &Published) -> String {
        let line = |name: &str| format!("Published {}\n", visible(name));
        published
            .published
            .iter()
            .map(|one| line(&one.name))
            .collect()
    }

    fn chats(&self) -> bool {
        true
    }
}

fn line(mut text: String) -> String {
    text.push('\n');
    text
}
