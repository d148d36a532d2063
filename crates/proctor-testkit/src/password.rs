//! Passwords of servers under test.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// A new one, of letters and digits. It guards a server on loopback while a test runs.
pub(crate) fn new_password() -> String {
    let random = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", random(), random())
}
