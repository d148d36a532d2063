//! The settings of a plugin: environment variables, read once when it is made. Every mistake names its variable; no
//! value is repeated, for it may be a secret. What is empty or blank counts as unset.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::Failure;

/// Environment variables.
#[derive(Clone, Default)]
pub struct Variables {
    of: BTreeMap<OsString, OsString>,
}

impl Variables {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The text of one, without blanks around it.
    ///
    /// # Errors
    /// It is not UTF-8.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        let Some(value) = self.of.get(OsString::from(name).as_os_str()) else {
            return Ok(None);
        };
        let text = value.to_str().ok_or_else(|| wrong(name, "is not UTF-8"))?;
        Ok(Some(text.trim()).filter(|text| !text.is_empty()))
    }

    /// One that must be there; `what` says what it is for.
    ///
    /// # Errors
    /// It is not set, or no UTF-8.
    pub fn required(&self, name: &str, what: &str) -> Result<&str, Failure> {
        let text = self.text(name)?;
        text.ok_or_else(|| wrong(name, &format!("is not set: it {what}")))
    }

    /// One that is `true` or `false`; false if it is not set.
    ///
    /// # Errors
    /// It is anything else.
    pub fn flag(&self, name: &str) -> Result<bool, Failure> {
        match self.text(name)? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(wrong(name, "is neither true nor false")),
        }
    }

    /// A whole number of seconds.
    ///
    /// # Errors
    /// It is none, or out of bounds.
    pub fn seconds(
        &self,
        name: &str,
        default: u64,
        bounds: RangeInclusive<u64>,
    ) -> Result<Duration, Failure> {
        let number = self.text(name)?.map_or(Ok(default), str::parse);
        match number {
            Ok(number) if bounds.contains(&number) => Ok(Duration::from_secs(number)),
            _ => {
                let (least, most) = bounds.into_inner();
                let what = format!("is no whole number of seconds from {least} to {most}");
                Err(wrong(name, &what))
            }
        }
    }

    /// The names in a list with commas.
    ///
    /// # Errors
    /// It is not UTF-8, or nothing stands between two commas.
    pub fn list(&self, name: &str) -> Result<Vec<&str>, Failure> {
        let Some(text) = self.text(name)? else {
            return Ok(Vec::new());
        };
        let items: Vec<_> = text.split(',').map(str::trim).collect();
        if items.contains(&"") {
            return Err(wrong(name, "is a list with an empty entry"));
        }
        Ok(items)
    }

    /// A secret, from the variable or from the file that the variable with `_FILE` behind it names.
    ///
    /// # Errors
    /// Both are set, or the file cannot be read.
    pub fn secret(&self, name: &str) -> Result<Option<String>, Failure> {
        let by_file = format!("{name}_FILE");
        match (self.text(name)?, self.text(&by_file)?) {
            (Some(_), Some(_)) => Err(wrong(name, &format!("and {by_file} are both set"))),
            (Some(secret), None) => Ok(Some(secret.to_owned())),
            (None, Some(path)) => fs::read_to_string(path)
                .map(|text| Some(text.trim_end_matches(['\r', '\n']).to_owned()))
                .map_err(|error| wrong(&by_file, &format!("({path}) cannot be read: {error}"))),
            (None, None) => Ok(None),
        }
    }
}

/// That a variable is wrong: its name, and what it is.
fn wrong(name: &str, what: &str) -> Failure {
    Failure::new(format!("{name} {what}"))
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Variables {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        let of = pairs
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self { of }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Variables;

    fn with(pairs: &[(&str, &str)]) -> Variables {
        pairs.iter().copied().collect()
    }

    #[test]
    fn what_is_blank_is_not_set_and_what_must_be_set_says_what_for() {
        let variables = with(&[("A", " x "), ("B", "  ")]);

        assert_eq!(variables.text("A").unwrap(), Some("x"));
        assert_eq!(variables.text("B").unwrap(), None);
        let failure = variables.required("B", "names the host").unwrap_err();
        assert_eq!(failure.to_string(), "B is not set: it names the host");
    }

    #[test]
    fn flags_seconds_and_lists_are_checked() {
        let variables = with(&[("YES", "true"), ("ODD", "yes"), ("N", "7"), ("L", "a, b")]);

        assert!(variables.flag("YES").unwrap());
        assert!(!variables.flag("NO").unwrap());
        assert!(variables.flag("ODD").is_err());
        let seconds = |name, bounds| variables.seconds(name, 5, bounds);
        assert_eq!(seconds("N", 1..=9).unwrap(), Duration::from_secs(7));
        assert_eq!(seconds("M", 1..=9).unwrap(), Duration::from_secs(5));
        assert_eq!(
            seconds("N", 8..=9).unwrap_err().to_string(),
            "N is no whole number of seconds from 8 to 9"
        );
        assert!(seconds("ODD", 1..=9).is_err());
        assert_eq!(variables.list("L").unwrap(), ["a", "b"]);
        assert!(with(&[("L", "a,,b")]).list("L").is_err());
    }

    #[test]
    fn a_secret_is_in_the_variable_or_in_the_file_but_not_in_both() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "hush\n").unwrap();
        let path = file.to_str().unwrap();

        let secret = |pairs: &[(&str, &str)]| with(pairs).secret("S");
        assert_eq!(secret(&[]).unwrap(), None);
        assert_eq!(secret(&[("S", "hush")]).unwrap().unwrap(), "hush");
        assert_eq!(secret(&[("S_FILE", path)]).unwrap().unwrap(), "hush");
        assert!(secret(&[("S", "hush"), ("S_FILE", path)]).is_err());
        let missing = secret(&[("S_FILE", "/nowhere/secret")]).unwrap_err();
        assert!(
            missing
                .to_string()
                .starts_with("S_FILE (/nowhere/secret) cannot be read")
        );
    }

    #[test]
    #[cfg(unix)]
    fn what_is_no_text_is_refused_by_name() {
        use std::os::unix::ffi::OsStrExt;

        let odd = std::ffi::OsStr::from_bytes(b"\xff");
        let variables: Variables = [("A", odd)].into_iter().collect();

        assert_eq!(
            variables.text("A").unwrap_err().to_string(),
            "A is not UTF-8"
        );
    }
}
