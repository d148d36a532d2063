//! The audit trail on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Who did what to what, from where, with what result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub id: i64,
    pub at: Timestamp,
    /// Empty for what nobody in particular did.
    pub who: String,
    /// Verb and resource, such as `execution.create`.
    pub action: String,
    /// The thing touched, such as a proc's name or an execution's id.
    pub target: String,
    /// The address that asked, or the command.
    pub source: String,
    /// `begun`, `done`, `refused` or `failed`.
    pub result: String,
    /// How often, of what is counted in place of being told one by one.
    pub count: i64,
    pub request_id: String,
    /// The number of the seal that covers it; absent until there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<i64>,
}

/// Answer of `GET /audit`, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AuditPage {
    pub rows: Vec<AuditRow>,
    /// Hand it back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
