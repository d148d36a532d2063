//! Versions as clients tell them: `v2.0.8`, `2.1`, `3.0.0-beta.1`. More is read than Semantic Versioning allows,
//! as in the Go system: a leading `v`, any number of numbers, missing ones are zero.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// No version of anything is longer.
const LIMIT_BYTES: usize = 64;
/// As many numbers are always there.
const NUMBERS: usize = 3;

/// A version of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    numbers: Vec<u64>,
    /// What stands behind the hyphen, part by part; empty for a release.
    pre_release: Vec<Part>,
    /// What stands behind the plus; it orders nothing.
    build: Option<String>,
}

/// A part of a pre-release; numbers come before words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Number(u64),
    Word(String),
}

/// The text is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("is no version such as 2.0.8")]
pub struct NoVersion;

impl FromStr for Version {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        if text.len() > LIMIT_BYTES {
            return Err(NoVersion);
        }
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(word(build)?.to_owned())),
            None => (text, None),
        };
        let (numbers, pre_release) = match text.split_once('-') {
            Some((numbers, pre_release)) => (numbers, word(pre_release)?.split('.').collect()),
            None => (text, Vec::new()),
        };
        let mut numbers: Vec<u64> = numbers.split('.').map(number).collect::<Result<_, _>>()?;
        if numbers.len() < NUMBERS {
            numbers.resize(NUMBERS, 0);
        }
        Ok(Self {
            numbers,
            pre_release: pre_release.into_iter().map(part).collect(),
            build,
        })
    }
}

/// Digits and nothing else; `u64::from_str` takes a sign.
fn number(text: &str) -> Result<u64, NoVersion> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().map_err(|_| NoVersion)
    } else {
        Err(NoVersion)
    }
}

fn word(text: &str) -> Result<&str, NoVersion> {
    let is_word = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'~'))
    };
    if text.split('.').all(is_word) {
        Ok(text)
    } else {
        Err(NoVersion)
    }
}

fn part(text: &str) -> Part {
    number(text).map_or_else(|_| Part::Word(text.to_owned()), Part::Number)
}

impl Version {
    /// Whether this one is older; what is built from one version differently is of the same age.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        let length = self.numbers.len().max(other.numbers.len());
        let numbers = |version: &Self| {
            let mut numbers = version.numbers.clone();
            numbers.resize(length, 0);
            numbers
        };
        let order = numbers(self).cmp(&numbers(other)).then_with(|| {
            match (self.pre_release.is_empty(), other.pre_release.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => self.pre_release.cmp(&other.pre_release),
            }
        });
        order == Ordering::Less
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, number) in self.numbers.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            write!(f, "{dot}{number}")?;
        }
        for (index, part) in self.pre_release.iter().enumerate() {
            f.write_str(if index == 0 { "-" } else { "." })?;
            match part {
                Part::Number(number) => write!(f, "{number}")?,
                Part::Word(word) => f.write_str(word)?,
            }
        }
        match &self.build {
            Some(build) => write!(f, "+{build}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    fn version(text: &str) -> Version {
        text.parse()
            .unwrap_or_else(|error| panic!("{text} {error}"))
    }

    #[test]
    fn versions_are_ordered_by_age() {
        let ordered = [
            "1",
            "v2.0.0-alpha",
            "2.0.0-beta.2",
            "2.0.0-beta.11",
            "2.0.0-beta.x",
            "v2.0",
            "2.0.0.1",
            "2.0.8",
            "2.0.10+build.7",
            "10.0.0",
        ];
        for (index, older) in ordered.iter().enumerate() {
            for newer in &ordered[index + 1..] {
                assert!(
                    version(older).is_older_than(&version(newer)),
                    "{older} {newer}"
                );
                assert!(
                    !version(newer).is_older_than(&version(older)),
                    "{older} {newer}"
                );
            }
        }
        assert!(!version("v2").is_older_than(&version("2.0.0+x")));
        assert!(!version("2.0.0+x").is_older_than(&version("v2")));
    }

    #[test]
    fn a_version_is_told_without_its_v_and_with_three_numbers() {
        for (text, told) in [
            ("v2.0.8", "2.0.8"),
            ("3", "3.0.0"),
            ("1.2.3.4-rc.1+b", "1.2.3.4-rc.1+b"),
        ] {
            assert_eq!(version(text).to_string(), told);
        }
    }

    #[test]
    fn what_is_no_version_is_refused() {
        for text in [
            "",
            "v",
            "vv1",
            "latest",
            "1.",
            ".1",
            "1..2",
            "+1",
            "1-",
            "1+",
            "1.-2",
            "1.2.x",
            "99999999999999999999",
            "1 ",
            &"1.".repeat(40),
        ] {
            assert!(text.parse::<Version>().is_err(), "{text:?}");
        }
    }
}
