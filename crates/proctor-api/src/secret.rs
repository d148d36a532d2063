//! Secrets on their way in. Values never travel the other way.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Body of `POST /secret`: replaces all secrets of a proc.
#[derive(Clone, Serialize, Deserialize)]
pub struct SecretRequest {
    #[serde(default)]
    pub job_name: String,
    #[serde(default)]
    pub secrets: Option<BTreeMap<String, String>>,
}

/// Body of `PUT /secret/{proc}/{key}`: sets one secret of a proc and leaves the others.
#[derive(Clone, Serialize, Deserialize)]
pub struct SecretValue {
    pub value: String,
}

/// What a client that reads JSON is told beside the success of setting secrets; without warnings there may be
/// no body at all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretAnswer {
    #[serde(default)]
    pub warnings: Vec<String>,
}

/// Answer of `GET /secret/{proc}`: the secrets that are set, by name alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretNames {
    pub names: Vec<String>,
}

impl fmt::Debug for SecretRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretRequest {{ job_name: {:?}, .. }}", self.job_name)
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretValue { .. }")
    }
}
