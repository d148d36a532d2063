//! The query: which part of the log, and whether to wait for what comes.

use crate::http::error::ApiError;
use crate::http::query;

/// The most lines that are counted from the end.
const TAIL_LIMIT: u64 = 1_000_000;

/// What a client wants of a log.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) offset: u64,
    /// Only the last lines.
    pub(super) tail: Option<u64>,
    /// Wait for what comes, to the end event.
    pub(super) follow: bool,
}

impl Wanted {
    pub(super) fn parse(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut wanted = Self::default();
        query::take_each(pairs, |name, value| wanted.take(name, value))?;
        Ok(wanted)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "offset" => {
                self.offset = value.parse().map_err(|_| "must be a number of bytes")?;
            }
            "tail" => {
                let lines = value.parse().ok().filter(|lines| *lines <= TAIL_LIMIT);
                let lines =
                    lines.ok_or(format!("must be a number of lines, up to {TAIL_LIMIT}"))?;
                self.tail = Some(lines);
            }
            "follow" => {
                self.follow = value.parse().map_err(|_| "must be true or false")?;
            }
            _ => return Err("is unknown; there are offset, tail and follow".to_owned()),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    fn parse(pairs: &[(&str, &str)]) -> Result<Wanted, usize> {
        let query: Vec<_> = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Wanted::parse(&query).map_err(|error| error.problem().mistakes.len())
    }

    #[test]
    fn every_mistake_of_a_query_is_told() {
        let wrong = [
            ("offset", "-1"),
            ("tail", "1000001"),
            ("follow", "yes"),
            ("colour", "red"),
        ];

        assert_eq!(parse(&wrong), Err(4));
        assert_eq!(parse(&[]), Ok(Wanted::default()));
        let right = [("offset", "7"), ("tail", "0"), ("follow", "true")];
        let wanted = Wanted {
            offset: 7,
            tail: Some(0),
            follow: true,
        };
        assert_eq!(parse(&right), Ok(wanted));
    }
}
