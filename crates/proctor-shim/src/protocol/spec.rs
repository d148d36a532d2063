//! What is to be run, and its encoding on the pipe. It is never printed whole: `Debug` leaves values out.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::MAX_SPEC_BYTES;

/// What is to be run, and how.
///
/// A shim that is older than its worker refuses a field that it does not know, instead of running the command
/// without it; so a new field is left out of the encoding while it has its default.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Spec {
    /// Program and arguments. A program without a slash is looked up in the `PATH` of `env`; one with a
    /// slash is relative to `cwd`.
    #[serde(with = "lossless")]
    pub argv: Vec<OsString>,
    /// The whole environment: nothing is inherited, nothing is added.
    pub env: Vec<(String, String)>,
    /// Where the command starts, relative to the job's `work` folder, which it is when unset.
    pub cwd: Option<PathBuf>,
    /// Time for all attempts together.
    pub deadline_ms: Option<u64>,
    /// Time between TERM and KILL, unless a stop says otherwise; 0 is KILL at once.
    pub grace_ms: u64,
    /// How many times a failed command is run again.
    pub retries: u32,
    /// Pause before the first retry; it doubles with each one.
    pub retry_delay_ms: u64,
}

/// What makes a spec impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// There is no program.
    NoProgram,
    /// An argument, a variable or the folder contains a zero byte.
    ZeroByte,
    /// A variable's name is empty or contains `=`.
    VariableName,
    /// The folder's name is not UTF-8.
    FolderName,
    /// It is larger than any exec could be.
    TooLarge,
}

impl fmt::Display for SpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoProgram => "the command is empty",
            Self::ZeroByte => "an argument, a variable or the folder contains a zero byte",
            Self::VariableName => "a variable's name is empty or contains `=`",
            Self::FolderName => "the folder's name is not UTF-8",
            Self::TooLarge => "arguments and environment are too large",
        })
    }
}

impl std::error::Error for SpecError {}

impl Spec {
    /// Refuses what no exec could take.
    pub fn validate(&self) -> Result<(), SpecError> {
        if self.argv.first().is_none_or(|program| program.is_empty()) {
            return Err(SpecError::NoProgram);
        }
        if self
            .env
            .iter()
            .any(|(name, _)| name.is_empty() || name.contains('='))
        {
            return Err(SpecError::VariableName);
        }
        let cwd = self.cwd.as_deref().unwrap_or("".as_ref());
        if cwd.to_str().is_none() {
            return Err(SpecError::FolderName);
        }
        let variables = self
            .env
            .iter()
            .flat_map(|(name, value)| [name.as_ref(), value.as_ref()]);
        let all = self.argv.iter().map(OsString::as_os_str).chain(variables);
        if all.chain([cwd.as_os_str()]).any(has_zero_byte) {
            return Err(SpecError::ZeroByte);
        }
        Ok(())
    }

    /// The spec as it goes over the pipe: four bytes of length (big endian), then JSON.
    pub fn encode(&self) -> Result<Vec<u8>, SpecError> {
        self.validate()?;
        let body = serde_json::to_vec(self).map_err(|_| SpecError::FolderName)?;
        let length = u32::try_from(body.len()).map_err(|_| SpecError::TooLarge)?;
        if length > MAX_SPEC_BYTES {
            return Err(SpecError::TooLarge);
        }
        Ok([&length.to_be_bytes(), body.as_slice()].concat())
    }

    /// Reads the JSON part of [`Spec::encode`].
    pub fn decode(body: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(body)
    }
}

fn has_zero_byte(text: &OsStr) -> bool {
    text.as_bytes().contains(&0)
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.env.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("Spec")
            .field("program", &self.argv.first())
            .field("arguments", &self.argv.len().saturating_sub(1))
            .field("env", &names)
            .field("cwd", &self.cwd)
            .field("deadline_ms", &self.deadline_ms)
            .field("grace_ms", &self.grace_ms)
            .field("retries", &self.retries)
            .field("retry_delay_ms", &self.retry_delay_ms)
            .finish()
    }
}

/// Arguments may be any bytes: text where it is text, a list of bytes where it is not.
mod lossless {
    use super::*;

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Wire {
        Text(String),
        Bytes(Vec<u8>),
    }

    pub fn serialize<S: Serializer>(list: &[OsString], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|item| match item.to_str() {
            Some(text) => Wire::Text(text.to_owned()),
            None => Wire::Bytes(item.as_bytes().to_vec()),
        }))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<OsString>, D::Error> {
        let list = Vec::<Wire>::deserialize(source)?;
        Ok(list
            .into_iter()
            .map(|item| match item {
                Wire::Text(text) => OsString::from(text),
                Wire::Bytes(bytes) => OsString::from_vec(bytes),
            })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(argv: &[&str]) -> Spec {
        Spec {
            argv: argv.iter().map(OsString::from).collect(),
            ..Spec::default()
        }
    }

    #[test]
    fn any_bytes_come_back_as_they_were() {
        let mut before = spec(&["./run", "", "ünïcode"]);
        before.argv.push(OsString::from_vec((1..=255).collect()));
        before.env = vec![("A".into(), "b=c\nd".into())];

        let frame = before.encode().expect("it is valid");

        assert_eq!(frame[..4], u32::to_be_bytes(frame.len() as u32 - 4));
        assert_eq!(Spec::decode(&frame[4..]).expect("it is JSON"), before);
    }

    #[test]
    fn an_unknown_field_is_refused_and_a_missing_one_has_its_default() {
        assert!(Spec::decode(br#"{"argv":["x"],"memory_limit":1}"#).is_err());
        assert_eq!(
            Spec::decode(br#"{"argv":["x"]}"#).expect("it is enough"),
            spec(&["x"])
        );
    }

    #[test]
    fn what_no_exec_takes_is_refused() {
        let env = |name: &str, value: &str| Spec {
            env: vec![(name.to_owned(), value.to_owned())],
            ..spec(&["x"])
        };

        assert_eq!(spec(&[]).validate(), Err(SpecError::NoProgram));
        assert_eq!(spec(&[""]).validate(), Err(SpecError::NoProgram));
        assert_eq!(spec(&["a\0b"]).validate(), Err(SpecError::ZeroByte));
        assert_eq!(env("A=B", "").validate(), Err(SpecError::VariableName));
        assert_eq!(env("", "").validate(), Err(SpecError::VariableName));
        assert_eq!(env("A", "\0").validate(), Err(SpecError::ZeroByte));
        assert_eq!(env("A", "").validate(), Ok(()));
    }

    #[test]
    fn debug_shows_no_value() {
        let mut secret = spec(&["x", "argument"]);
        secret.env = vec![("TOKEN".into(), "hunter2".into())];

        let shown = format!("{secret:?}");

        assert!(shown.contains("TOKEN"), "{shown}");
        assert!(
            !shown.contains("hunter2") && !shown.contains("argument\""),
            "{shown}"
        );
    }
}
