//! The names of the keys in Redis. Nothing else is read or written there.

use crate::domain::name::ProcName;

/// A set: the names of all published procs.
pub(super) const PROCS: &str = "proctor:3:procs";

/// What the documents of procs begin with, each a string in JSON.
pub(super) const PROC: &str = "proctor:3:proc:";

const SECRET: &str = "proctor:3:secret:";
const BUNDLE: &str = "proctor:3:bundle:";

/// The document of a proc.
pub(super) fn of_proc(name: &ProcName) -> String {
    format!("{PROC}{name}")
}

/// A hash: the sealed secrets of a proc by their names.
pub(super) fn of_secrets(proc_name: &ProcName) -> String {
    format!("{SECRET}{proc_name}")
}

/// Matches every hash of secrets.
pub(super) fn all_secrets() -> String {
    format!("{SECRET}*")
}

/// Whose secrets a key holds, as it is written there.
pub(super) fn owner_of_secrets(key: &str) -> &str {
    key.strip_prefix(SECRET).unwrap_or(key)
}

/// The bytes of a bundle.
pub(super) fn of_bundle(digest: &str) -> String {
    format!("{BUNDLE}{digest}")
}
