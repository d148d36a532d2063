//! Where the value of a secret or a token comes from: a hidden prompt, stdin or a file, never an argument.
//! No error here repeats any of the value.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::path::{Path, PathBuf};

use proctor_api::SecretValue;

use crate::context::Context;
use crate::escape::visible;

/// The longest value that is taken.
const LIMIT_BYTES: u64 = 1024 * 1024;

/// There is no value that can be set.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("failed to read the value from {from}: {source}")]
    Read {
        from: String,
        #[source]
        source: io::Error,
    },
    #[error("the value from {from} {problem}; nothing was set")]
    Unfit { from: String, problem: &'static str },
    #[error("the value is asked for on a terminal only without --no-input; nothing was set")]
    NoInput,
}

/// Reads the value from the file, or from whoever answers the question, or from stdin.
pub fn read(
    context: &Context,
    question: &str,
    file: Option<&PathBuf>,
) -> Result<SecretValue, SecretError> {
    match file {
        Some(path) => read_file(path),
        None if io::stdin().is_terminal() && context.globals.no_input => Err(SecretError::NoInput),
        None if io::stdin().is_terminal() => prompt(question),
        None => read_from("stdin", io::stdin().lock()),
    }
}

fn read_file(path: &Path) -> Result<SecretValue, SecretError> {
    let from = visible(&path.display().to_string()).into_owned();
    match File::open(path) {
        Ok(file) => read_from(&from, file),
        Err(source) => Err(SecretError::Read { from, source }),
    }
}

fn prompt(question: &str) -> Result<SecretValue, SecretError> {
    let value = rpassword::prompt_password(question).map_err(|source| SecretError::Read {
        from: "the terminal".to_owned(),
        source,
    })?;
    checked("the terminal", value.into_bytes())
}

fn read_from(from: &str, reader: impl Read) -> Result<SecretValue, SecretError> {
    let mut bytes = Vec::new();
    reader
        .take(LIMIT_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| SecretError::Read {
            from: from.to_owned(),
            source,
        })?;
    drop_newline(&mut bytes);
    checked(from, bytes)
}

/// Drops exactly one newline at the end, with the carriage return before it.
fn drop_newline(bytes: &mut Vec<u8>) {
    if bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
}

fn checked(from: &str, bytes: Vec<u8>) -> Result<SecretValue, SecretError> {
    let unfit = |problem| SecretError::Unfit {
        from: from.to_owned(),
        problem,
    };
    if bytes.len() as u64 > LIMIT_BYTES {
        return Err(unfit("is longer than 1 MiB"));
    }
    if bytes.is_empty() {
        return Err(unfit("is empty"));
    }
    if bytes.contains(&0) {
        return Err(unfit(
            "has a NUL byte, which no environment variable can hold",
        ));
    }
    let value = String::from_utf8(bytes).map_err(|_| unfit("is not UTF-8"))?;
    Ok(SecretValue { value })
}

#[cfg(test)]
mod tests {
    use super::read_from;

    fn value(bytes: &[u8]) -> Result<String, String> {
        read_from("stdin", bytes)
            .map(|secret| secret.value)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn exactly_one_newline_is_dropped() {
        assert_eq!(value(b"secret\n").unwrap(), "secret");
        assert_eq!(value(b"secret\r\n").unwrap(), "secret");
        assert_eq!(value(b"secret\n\n").unwrap(), "secret\n");
        assert_eq!(value(b" two\nlines \r").unwrap(), " two\nlines \r");
        assert_eq!(value(b"none").unwrap(), "none");
    }

    #[test]
    fn a_value_that_cannot_be_set_is_refused_without_being_shown() {
        for bytes in [b"".as_slice(), b"\n", b"hunter\0two", b"hunter\xff"] {
            let error = value(bytes).unwrap_err();
            assert!(error.ends_with("nothing was set"), "{error}");
            assert!(!error.contains("hunter"), "{error}");
        }
    }
}
