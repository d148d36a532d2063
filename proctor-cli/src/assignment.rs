//! `KEY=VALUE` words of the command line.

use std::collections::BTreeMap;

use crate::error::UsageError;
use crate::escape::visible;

/// Key and value of a word, split at its first `=`.
#[must_use]
pub fn split(word: &str) -> Option<(&str, &str)> {
    word.split_once('=').filter(|(key, _)| !key.is_empty())
}

/// The args that the words give. Every word that is wrong is told at once, and nothing is sent.
pub fn parse_args(words: &[String]) -> Result<BTreeMap<String, String>, UsageError> {
    let mut args = BTreeMap::new();
    let mut mistakes = Vec::new();
    for word in words {
        match split(word) {
            None => mistakes.push(format!("{}: not of the form ARG=VALUE", visible(word))),
            Some((key, value)) => {
                if args.insert(key.to_owned(), value.to_owned()).is_some() {
                    mistakes.push(format!("{}: given more than once", visible(key)));
                }
            }
        }
    }
    if mistakes.is_empty() {
        Ok(args)
    } else {
        Err(UsageError::Variables(mistakes))
    }
}

#[cfg(test)]
mod tests {
    use super::parse_args;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn a_word_is_split_at_its_first_equals_sign() {
        let args = parse_args(&words(&["QUERY=a=b", "EMPTY="])).unwrap();

        assert_eq!(args["QUERY"], "a=b");
        assert_eq!(args["EMPTY"], "");
    }

    #[test]
    fn every_wrong_word_is_told_at_once() {
        let error = parse_args(&words(&["one", "A=1", "=x", "A=2"]))
            .unwrap_err()
            .to_string();

        assert_eq!(
            error,
            "Incorrect variable format\n  one: not of the form ARG=VALUE\n  =x: not of the form ARG=VALUE\n  A: given more than once"
        );
    }
}
