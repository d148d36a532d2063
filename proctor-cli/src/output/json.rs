//! Answers as the service's JSON, for programs: one pretty document and a newline.

mod schedule;

use std::fmt::Write as _;

use proctor_api::{AuditRow, Execution, Metadata, Published};
use serde::Serialize;

use crate::client::User;
use crate::escape::is_hazardous;
use crate::output::{Output, SecretRow};

pub struct Json;

impl Output for Json {
    fn procs(&self, procs: &[Metadata]) -> String {
        document(procs)
    }

    fn proc(&self, metadata: &Metadata) -> String {
        document(metadata)
    }

    fn execution(&self, execution: &Execution) -> String {
        document(execution)
    }

    fn receipt(&self, execution: &Execution) -> String {
        document(execution)
    }

    fn executions(&self, executions: &[Execution]) -> String {
        document(executions)
    }

    fn published(&self, published: &Published) -> String {
        document(published)
    }

    fn secrets(&self, secrets: &[SecretRow]) -> String {
        document(secrets)
    }

    fn audit(&self, rows: &[AuditRow]) -> String {
        document(rows)
    }

    fn user(&self, user: &User) -> String {
        document(user)
    }
}

/// The value as JSON in which even those characters are escaped that JSON allows and a terminal obeys.
fn document<T: Serialize + ?Sized>(value: &T) -> String {
    let json = serde_json::to_string_pretty(value).expect("answers have string keys only");
    let mut safe = String::with_capacity(json.len() + 1);
    for character in json.chars() {
        if character != '\n' && is_hazardous(character) {
            let _ = write!(safe, "\\u{:04x}", u32::from(character));
        } else {
            safe.push(character);
        }
    }
    safe.push('\n');
    safe
}
