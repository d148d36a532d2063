//! Answers as names and ids alone, one per line, for shell loops.

mod schedule;

use std::fmt::Display;

use proctor_api::{AuditRow, Execution, Metadata, Published};

use crate::client::User;
use crate::escape::visible;
use crate::output::{Output, SecretRow};

pub struct Name;

impl Output for Name {
    fn procs(&self, procs: &[Metadata]) -> String {
        lines(procs.iter().map(|metadata| visible(&metadata.name)))
    }

    fn proc(&self, metadata: &Metadata) -> String {
        lines([visible(&metadata.name)])
    }

    fn execution(&self, execution: &Execution) -> String {
        lines([execution.id])
    }

    fn receipt(&self, execution: &Execution) -> String {
        lines([execution.id])
    }

    fn executions(&self, executions: &[Execution]) -> String {
        lines(executions.iter().map(|execution| execution.id))
    }

    fn published(&self, published: &Published) -> String {
        lines(published.published.iter().map(|one| visible(&one.name)))
    }

    fn secrets(&self, secrets: &[SecretRow]) -> String {
        let set = secrets.iter().filter(|secret| secret.is_set);
        lines(set.map(|secret| visible(&secret.name)))
    }

    fn audit(&self, rows: &[AuditRow]) -> String {
        lines(rows.iter().map(|row| row.id))
    }

    fn user(&self, user: &User) -> String {
        let email = user.get("email").and_then(serde_json::Value::as_str);
        lines(email.map(visible))
    }
}

fn lines<T: Display>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| format!("{name}\n")).collect()
}
