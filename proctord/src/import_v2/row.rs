//! A row of `execution_context` and what becomes of it. What of it has no place here is put in words and stays with
//! the execution as its reason; nothing is left out without a word.

use jiff::Timestamp;
use proctor_api::{Metadata, Status};
use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type};

use super::args;
use super::known::Facts;
use crate::domain::execution::{Defaults, Plan};
use crate::domain::lifecycle::Legacy;
use crate::domain::name::{ExecutionName, ProcName};
use crate::store::{Imported, ImportedLog};

/// Every status that version 2 has.
const STATUSES: [Status; 11] = [
    Status::Received,
    Status::RequirementNotMet,
    Status::CreationFailed,
    Status::Created,
    Status::JobReady,
    Status::PodReady,
    Status::JobCreationFailed,
    Status::PodCreationFailed,
    Status::FetchPodLogFailed,
    Status::PodFailed,
    Status::Finished,
];
/// What stands before the name of a proc that cannot have its own.
const RENAMED: &str = "v2.";
const NAME_LIMIT: usize = 128;

/// A row as it is stored; any column may be empty.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub(super) id: u64,
    pub(super) job_name: Option<String>,
    pub(super) name: Option<String>,
    pub(super) user_email: Option<String>,
    pub(super) image_tag: Option<String>,
    pub(super) args: Option<String>,
    pub(super) output: Option<Vec<u8>>,
    pub(super) status: Option<String>,
    /// Microseconds since 1970.
    pub(super) created_at: Option<i64>,
    pub(super) updated_at: Option<i64>,
}

impl Row {
    /// Reads a row; the error names the column that cannot be read.
    pub(super) fn read(row: &PgRow) -> Result<Self, String> {
        let id: i64 = column(row, "id")?;
        Ok(Self {
            id: u64::try_from(id).map_err(|_| "its id is below 0")?,
            job_name: column(row, "job_name")?,
            name: column(row, "name")?,
            user_email: column(row, "user_email")?,
            image_tag: column(row, "image_tag")?,
            args: column(row, "args")?,
            output: column(row, "output")?,
            status: column(row, "status")?,
            created_at: column(row, "created_at")?,
            updated_at: column(row, "updated_at")?,
        })
    }

    /// The proc's name, whatever it is.
    pub(super) fn proc(&self) -> &str {
        self.job_name.as_deref().unwrap_or_default()
    }

    /// The execution that the row is.
    pub(super) fn into_imported(self, facts: &Facts, log: ImportedLog) -> Imported {
        let mut flaws = Vec::new();
        let proc_name = proc_name(self.proc(), &mut flaws);
        let name = name(self.id, self.name.as_deref(), &mut flaws);
        let status = status(self.status.as_deref(), &mut flaws);
        let (args, flaw) = args::read(self.args.as_deref());
        flaws.extend(flaw);
        let (created_at, updated_at) = times(self.created_at, self.updated_at, &mut flaws);
        let metadata = Metadata {
            image_name: self.image_tag.unwrap_or_default(),
            authorized_groups: facts.groups.clone(),
            ..Metadata::default()
        };
        Imported {
            name,
            proc_name,
            user: self.user_email.unwrap_or_default(),
            plan: Plan::of(&metadata, args, Defaults::default()),
            legacy: Legacy {
                v2_id: self.id,
                status,
                reason: (!flaws.is_empty()).then(|| flaws.join("; ")),
            },
            created_at,
            updated_at,
            log,
        }
    }
}

pub(super) fn column<'r, T>(row: &'r PgRow, name: &'static str) -> Result<T, String>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get(name)
        .map_err(|_| format!("its column {name} cannot be read"))
}

fn proc_name(text: &str, flaws: &mut Vec<String>) -> ProcName {
    if let Ok(name) = text.parse() {
        return name;
    }
    flaws.push(format!("a proc cannot be named {text:?}"));
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let plain = text.chars().map(|c| if fits(c) { c } else { '-' });
    let name: String = RENAMED.chars().chain(plain).take(NAME_LIMIT).collect();
    name.parse()
        .expect("it begins with a letter, and the rest was made to fit")
}

/// Rows of old, and of what was refused, have no name.
fn name(v2_id: u64, text: Option<&str>, flaws: &mut Vec<String>) -> ExecutionName {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return ExecutionName::of_v2(v2_id);
    };
    text.parse().unwrap_or_else(|_| {
        flaws.push(format!("an execution cannot be named {text:?}"));
        ExecutionName::of_v2(v2_id)
    })
}

fn status(text: Option<&str>, flaws: &mut Vec<String>) -> Status {
    let text = text.unwrap_or_default();
    let known = STATUSES.into_iter().find(|status| status.as_str() == text);
    known.unwrap_or_else(|| {
        flaws.push(format!("version 2 has no status {text:?}"));
        Status::Lost
    })
}

fn times(
    created_at: Option<i64>,
    updated_at: Option<i64>,
    flaws: &mut Vec<String>,
) -> (Timestamp, Timestamp) {
    let moment = |micros: Option<i64>| Timestamp::from_microsecond(micros?).ok();
    let (created, updated) = (moment(created_at), moment(updated_at));
    if created.is_none() {
        flaws.push("when it was created is unknown".to_owned());
    }
    let created_at = created.or(updated).unwrap_or(Timestamp::UNIX_EPOCH);
    (created_at, updated.unwrap_or(created_at))
}

#[cfg(test)]
mod tests;
