//! The file as people write it: its form and its mistakes, all of which are told at once, none with what the file
//! holds of hashes. Who has a token is decided elsewhere.

use std::collections::HashSet;

use proctor_plugin::Failure;
use proctor_token::Hash;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, rename = "user")]
    users: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    tokens: Vec<WrittenToken>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenToken {
    id: Option<String>,
    hash: String,
}

fn yes() -> bool {
    true
}

/// A user of the file.
pub(crate) struct Entry {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) active: bool,
    pub(crate) groups: Vec<String>,
    pub(crate) tokens: Vec<Token>,
}

/// One of their tokens.
pub(crate) struct Token {
    /// As in `proctor_ID_SECRET`; none for a token that looks otherwise.
    pub(crate) id: Option<String>,
    pub(crate) hash: Hash,
}

/// The users that a text tells of.
///
/// # Errors
/// All that is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Vec<Entry>, Failure> {
    let document: Document = toml::from_str(text).map_err(|error| misread(text, &error))?;
    let mut reading = Reading::default();
    let entries = document.users.into_iter().enumerate();
    let entries = entries
        .map(|(place, written)| reading.entry(place + 1, written))
        .collect();
    match reading.mistakes.is_empty() {
        true => Ok(entries),
        false => Err(Failure::new(reading.mistakes.join("; "))),
    }
}

/// The error without the lines that it would quote: there are hashes in them.
fn misread(text: &str, error: &toml::de::Error) -> Failure {
    let place = error.span().map(|span| {
        let before = text.get(..span.start).unwrap_or_default();
        format!("line {}: ", before.matches('\n').count() + 1)
    });
    Failure::new(place.unwrap_or_default() + error.message())
}

/// What must be there once, and what was wrong so far.
#[derive(Default)]
struct Reading {
    emails: HashSet<String>,
    ids: HashSet<String>,
    mistakes: Vec<String>,
}

impl Reading {
    fn entry(&mut self, number: usize, written: Written) -> Entry {
        let email = written.email;
        if email.trim().is_empty() {
            self.note(number, "email is empty");
        } else if email.contains(char::is_whitespace) {
            self.note(number, &format!("there are blanks in the email {email:?}"));
        } else if !self.emails.insert(email.to_lowercase()) {
            self.note(number, &format!("{email} is there twice"));
        }
        let tokens = written.tokens.into_iter();
        Entry {
            email,
            name: written.name,
            active: written.active,
            groups: written.groups,
            tokens: tokens
                .filter_map(|token| self.token(number, token))
                .collect(),
        }
    }

    fn token(&mut self, number: usize, written: WrittenToken) -> Option<Token> {
        if let Some(id) = &written.id
            && !self.ids.insert(id.clone())
        {
            self.note(number, &format!("the token id {id} is there twice"));
        }
        match Hash::parse(&written.hash) {
            Ok(hash) => Some(Token {
                id: written.id,
                hash,
            }),
            Err(reason) => {
                self.note(number, &format!("the hash of a token {reason}"));
                None
            }
        }
    }

    fn note(&mut self, number: usize, what: &str) {
        self.mistakes.push(format!("user {number}: {what}"));
    }
}
