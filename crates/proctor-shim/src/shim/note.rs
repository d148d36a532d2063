//! The shim's own log. A disk that is full must not bring the shim down, so nothing here can fail.

use std::io::{self, Write};

/// Writes one line to `shim.log`.
pub fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}
