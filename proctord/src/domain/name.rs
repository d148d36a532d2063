//! Names that went through their rules once and need no second look: of procs, of executions, of
//! environment variables. Where a name is used as a key, a path or a variable, its type says it may be.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;
use uuid::Uuid;

/// The five variables by which an execution learns about itself, as in the Go system.
pub const CONTEXT_NAMES: [&str; 5] = [
    "EXECUTION_ID",
    "JOB_NAME",
    "EXECUTION_NAME",
    "USER_EMAIL",
    "IMAGE_TAG",
];

/// Variables that change how a shell or the loader behaves; a user's arg must not set them.
const RESERVED_NAMES: [&str; 6] = [
    "PATH",
    "GLIBC_TUNABLES",
    "BASH_ENV",
    "ENV",
    "IFS",
    "SHELLOPTS",
];
const RESERVED_PREFIXES: [&str; 2] = ["PROCTOR_", "LD_"];

/// The most characters that a proc's name may have.
const PROC_NAME_LIMIT: usize = 128;
/// The most characters that a variable's name may have.
const VARIABLE_NAME_LIMIT: usize = 256;

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    #[error("must not be empty")]
    Empty,
    #[error("must have at most {limit} characters, not {found}")]
    TooLong { limit: usize, found: usize },
    #[error("must begin with a letter or digit and hold only letters, digits, `.`, `_` and `-`")]
    ProcCharacters,
    #[error("must begin with a letter or `_` and hold only letters, digits and `_`")]
    VariableCharacters,
    #[error("is reserved by Proctor or would change how programs are loaded")]
    Reserved,
    #[error("must have the form proctor-<uuid>")]
    ExecutionForm,
}

/// The name of a proc: `[A-Za-z0-9][A-Za-z0-9._-]{0,127}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProcName(String);

impl ProcName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ProcName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_length(text, PROC_NAME_LIMIT)?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if !text.as_bytes()[0].is_ascii_alphanumeric() || !text.bytes().all(fits) {
            return Err(NameError::ProcCharacters);
        }
        Ok(Self(text.to_owned()))
    }
}

/// The name of an environment variable that a proc may be given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VariableName(String);

impl VariableName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for VariableName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        check_length(text, VARIABLE_NAME_LIMIT)?;
        let first = text.as_bytes()[0];
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if !(first.is_ascii_alphabetic() || first == b'_') || !text.bytes().all(fits) {
            return Err(NameError::VariableCharacters);
        }
        let reserved = CONTEXT_NAMES.contains(&text)
            || RESERVED_NAMES.contains(&text)
            || RESERVED_PREFIXES
                .iter()
                .any(|prefix| text.starts_with(prefix));
        if reserved {
            Err(NameError::Reserved)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

/// The name of one execution, chosen once: of its Kubernetes Job, of its folder, of the worker's job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ExecutionName(String);

impl ExecutionName {
    /// A new name that nobody has.
    #[must_use]
    pub fn generate() -> Self {
        Self(format!("proctor-{}", Uuid::new_v4()))
    }

    /// The name of an execution of version 2 that had none there: the same each time it is asked for.
    #[must_use]
    pub fn of_v2(id: u64) -> Self {
        let mut digest = [0; 16];
        let hash = Sha256::digest(format!("proctor execution of version 2: {id}"));
        digest.copy_from_slice(&hash[..16]);
        let uuid = uuid::Builder::from_custom_bytes(digest).into_uuid();
        Self(format!("proctor-{uuid}"))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ExecutionName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let uuid = text
            .strip_prefix("proctor-")
            .and_then(|uuid| Uuid::try_parse(uuid).ok());
        match uuid {
            Some(uuid) if text.ends_with(&uuid.to_string()) => Ok(Self(text.to_owned())),
            _ => Err(NameError::ExecutionForm),
        }
    }
}

fn check_length(text: &str, limit: usize) -> Result<(), NameError> {
    match text.chars().count() {
        0 => Err(NameError::Empty),
        found if found > limit => Err(NameError::TooLong { limit, found }),
        _ => Ok(()),
    }
}

macro_rules! text_like {
    ($name:ty) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, NameError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

text_like!(ProcName);
text_like!(VariableName);
text_like!(ExecutionName);

#[cfg(test)]
mod tests {
    use super::{ExecutionName, NameError, ProcName, VariableName};

    #[test]
    fn proc_names_are_plain_and_bounded() {
        for good in ["a", "say-hello.world_2", "0", &"x".repeat(128)] {
            assert!(good.parse::<ProcName>().is_ok(), "{good}");
        }
        for bad in ["-rf", ".hidden", "../x", "a/b", "a b", "a\0b", "ä", "a\n"] {
            assert_eq!(
                bad.parse::<ProcName>(),
                Err(NameError::ProcCharacters),
                "{bad:?}"
            );
        }
        assert_eq!("".parse::<ProcName>(), Err(NameError::Empty));
        assert_eq!(
            "x".repeat(129).parse::<ProcName>(),
            Err(NameError::TooLong {
                limit: 128,
                found: 129
            })
        );
    }

    #[test]
    fn variables_that_steer_shells_and_loaders_are_reserved() {
        for reserved in [
            "PATH",
            "LD_PRELOAD",
            "PROCTOR_HOST",
            "EXECUTION_ID",
            "BASH_ENV",
            "IFS",
        ] {
            assert_eq!(
                reserved.parse::<VariableName>(),
                Err(NameError::Reserved),
                "{reserved}"
            );
        }
        for good in ["A", "_x", "path", "SAMPLE_ARG_ONE", "L1"] {
            assert!(good.parse::<VariableName>().is_ok(), "{good}");
        }
        for bad in ["1A", "A-B", "A=B", "A B", "Ä"] {
            assert_eq!(
                bad.parse::<VariableName>(),
                Err(NameError::VariableCharacters),
                "{bad}"
            );
        }
    }

    #[test]
    fn an_execution_name_reads_back_and_is_never_a_path() {
        for name in [ExecutionName::generate(), ExecutionName::of_v2(7)] {
            assert_eq!(name.as_str().parse::<ExecutionName>(), Ok(name));
        }
        assert_eq!(ExecutionName::of_v2(7), ExecutionName::of_v2(7));
        assert_ne!(ExecutionName::of_v2(7), ExecutionName::of_v2(8));
        for bad in [
            "proctor-",
            "proctor-../../etc",
            "proctor-{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
        ] {
            assert_eq!(
                bad.parse::<ExecutionName>(),
                Err(NameError::ExecutionForm),
                "{bad}"
            );
        }
    }
}
