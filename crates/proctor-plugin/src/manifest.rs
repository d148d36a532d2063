//! What a library says of itself before anything in it is called.

use serde::{Deserialize, Serialize};

/// What a library says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub name: String,
    pub version: String,
    pub plugins: Vec<Entry>,
}

/// One of its plugins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// By which the configuration names it.
    pub name: String,
    pub kind: Kind,
    pub methods: Vec<String>,
}

/// What a plugin is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Auth,
    Notification,
}
