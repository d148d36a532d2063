//! Bundles: a proc's files as one tar archive, addressed by its digest.

use serde::{Deserialize, Serialize};

/// The most that the files of one bundle may add up to.
pub const BUNDLE_LIMIT_BYTES: u64 = 1024 * 1024;

/// Answer to `PUT /bundle/{digest}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BundleReceipt {
    pub digest: String,
    pub bytes: u64,
}

/// Whether the text has the form `sha256:` and 64 lower-case hex digits.
#[must_use]
pub fn bundle_digest_is_well_formed(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64
            && hex
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::bundle_digest_is_well_formed;

    #[test]
    fn a_digest_is_lower_case_hex_of_the_right_length() {
        assert!(bundle_digest_is_well_formed(&format!(
            "sha256:{}",
            "0a".repeat(32)
        )));
        for bad in ["", "sha256:", "sha256:00", "md5:00"] {
            assert!(!bundle_digest_is_well_formed(bad), "{bad}");
        }
        assert!(!bundle_digest_is_well_formed(&format!(
            "sha256:{}",
            "0A".repeat(32)
        )));
    }
}
