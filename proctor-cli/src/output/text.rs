//! Answers for people, in the Go client's columns. Whatever others wrote is made visible first.

mod audit;
mod execution;
mod firing;
mod kubernetes;
mod moment;
mod proc;
mod schedule;
mod user;

pub use execution::waits;
use proctor_api::{AuditRow, Execution, Metadata, Published};

use crate::client::User;
use crate::console::FIRST_COLUMN;
use crate::escape::visible;
use crate::output::table::{self, Column};
use crate::output::{Output, SecretRow};

/// Text for a terminal of some width, or for whatever has none.
pub struct Text {
    pub width: Option<usize>,
}

impl Output for Text {
    fn procs(&self, procs: &[Metadata]) -> String {
        let rows = |metadata: &Metadata| {
            self.row(&visible(&metadata.name), &visible(&metadata.description))
        };
        document(procs.iter().map(rows))
    }

    fn proc(&self, metadata: &Metadata) -> String {
        proc::describe(self, metadata)
    }

    fn execution(&self, execution: &Execution) -> String {
        execution::status(self, execution)
    }

    fn receipt(&self, execution: &Execution) -> String {
        execution::receipt(self, execution)
    }

    fn executions(&self, executions: &[Execution]) -> String {
        document(
            execution::history(executions, self.width)
                .into_iter()
                .skip(1),
        )
    }

    fn executions_heading(&self, executions: &[Execution]) -> Option<String> {
        execution::history(executions, self.width)
            .into_iter()
            .next()
    }

    fn published(&self, published: &Published) -> String {
        let names = published.published.iter().map(|one| visible(&one.name));
        document(names.map(|name| format!("Published {name}")))
    }

    fn secrets(&self, secrets: &[SecretRow]) -> String {
        const COLUMNS: [Column; 3] = [
            Column::whole(FIRST_COLUMN),
            Column::whole("not set".len()),
            Column::cut(0),
        ];
        let state = |secret: &SecretRow| if secret.is_set { "set" } else { "not set" };
        let description = |secret: &SecretRow| {
            if secret.is_declared {
                visible(&secret.description).into_owned()
            } else {
                "(the proc does not declare it)".to_owned()
            }
        };
        let row = |secret: &SecretRow| {
            [
                visible(&secret.name).into_owned(),
                state(secret).to_owned(),
                description(secret),
            ]
        };
        let rows: Vec<_> = secrets.iter().map(row).collect();
        document(table::lines(&COLUMNS, &rows, self.width))
    }

    fn audit(&self, rows: &[AuditRow]) -> String {
        document(audit::table(rows, self.width).into_iter().skip(1))
    }

    fn audit_heading(&self, rows: &[AuditRow]) -> Option<String> {
        audit::table(rows, self.width).into_iter().next()
    }

    fn user(&self, user: &User) -> String {
        user::rows(self, user)
    }

    fn chats(&self) -> bool {
        true
    }
}

impl Text {
    /// Two columns; on a narrow terminal the first gives its empty part away.
    fn row(&self, name: &str, value: &str) -> String {
        let first = match self.width {
            Some(width) => FIRST_COLUMN.min(width * 2 / 5),
            None => FIRST_COLUMN,
        };
        table::pair(name, value, first, self.width)
    }
}

/// Lines with their ends.
fn document(lines: impl IntoIterator<Item = String>) -> String {
    lines
        .into_iter()
        .map(|mut line| {
            line.push('\n');
            line
        })
        .collect()
}
