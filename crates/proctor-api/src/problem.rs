//! Errors on the wire, by RFC 9457 (problem details).

use std::fmt;

use serde::{Deserialize, Serialize};

/// Body of every error answer to a client that reads JSON.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Problem {
    /// Names the kind of problem, such as `/problems/unknown-proc`.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// The request's id, by which the service's log is searched.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub instance: String,
    /// Everything that is wrong with what was sent, each with its place.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mistakes: Vec<Mistake>,
    /// The execution that was stored all the same, if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<u64>,
}

/// One thing that is wrong with a document or a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mistake {
    /// Where, such as `env_vars.args[2].type`.
    pub at: String,
    /// What, as a sentence without its subject: `is empty`, `must be one of …`.
    pub message: String,
}

impl Mistake {
    /// A mistake at a place.
    pub fn new(at: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            at: at.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.is_empty() {
            f.write_str(&self.message)
        } else {
            write!(f, "{} {}", self.at, self.message)
        }
    }
}
