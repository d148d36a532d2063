//! The name of a job, which is also the name of its folder: nothing in it can lead out of the root.

use std::fmt;
use std::str::FromStr;

/// A name that is safe as a file name: letters, digits, `-`, `_` and `.`, not beginning with a dot.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobName(String);

/// A name that no job can have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no job name: 1 to 128 letters, digits, `-`, `_`, `.`, not beginning with `.` or `-`"
)]
pub struct InvalidName(String);

impl JobName {
    const LONGEST: usize = 128;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for JobName {
    type Error = InvalidName;

    fn try_from(name: String) -> Result<Self, InvalidName> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let fits = (1..=Self::LONGEST).contains(&name.len());
        if fits && !name.starts_with(['.', '-']) && name.bytes().all(allowed) {
            Ok(Self(name))
        } else {
            Err(InvalidName(name))
        }
    }
}

impl FromStr for JobName {
    type Err = InvalidName;

    fn from_str(name: &str) -> Result<Self, InvalidName> {
        Self::try_from(name.to_owned())
    }
}

impl fmt::Display for JobName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_name_is_a_name() {
        let name = "proctor-018f3c1e-7a52-4c39-9f37-0d8c3a2b1e44";

        assert_eq!(
            name.parse::<JobName>().map(|name| name.to_string()),
            Ok(name.to_owned())
        );
    }

    #[test]
    fn nothing_leads_out_of_the_root() {
        for name in [
            "", ".", "..", "../x", "a/b", "/etc", ".hidden", "-rf", "a\0", "a b", "é",
        ] {
            assert!(name.parse::<JobName>().is_err(), "{name:?}");
        }
        assert!("a".repeat(129).parse::<JobName>().is_err());
    }
}
