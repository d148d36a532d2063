//! The users of a file: its form, its mistakes, and who has a token. All mistakes are told at once.

use std::collections::{HashMap, HashSet};

use proctor_plugin::{Failure, User};
use serde::Deserialize;

use crate::token;

/// The form of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default, rename = "user")]
    users: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default = "yes")]
    active: bool,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    tokens: Vec<Token>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    /// As in `proctor_ID_SECRET`; none for a token that looks otherwise.
    id: Option<String>,
    hash: String,
}

fn yes() -> bool {
    true
}

/// All users.
#[derive(Default)]
pub(crate) struct Users {
    users: Vec<User>,
    /// By the id in the token: the place of its user, and the hash.
    by_id: HashMap<String, (usize, String)>,
    by_email: HashMap<String, usize>,
    /// Hashes of tokens without an id, by the place of their user.
    without_id: HashMap<usize, Vec<String>>,
}

impl Users {
    /// The users that a text tells of.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let document: Document = toml::from_str(text).map_err(|error| misread(text, &error))?;
        let mistakes = mistakes(&document);
        if !mistakes.is_empty() {
            return Err(Failure::new(mistakes.join("; ")));
        }
        let mut users = Self::default();
        document
            .users
            .into_iter()
            .for_each(|entry| users.add(entry));
        Ok(users)
    }

    fn add(&mut self, entry: Entry) {
        let place = self.users.len();
        self.by_email.insert(entry.email.to_lowercase(), place);
        for Token { id, hash } in entry.tokens {
            match id {
                Some(id) => drop(self.by_id.insert(id, (place, hash))),
                None => self.without_id.entry(place).or_default().push(hash),
            }
        }
        self.users.push(User {
            email: entry.email,
            name: entry.name,
            active: entry.active,
            groups: entry.groups,
        });
    }

    /// Whose token it is, if the address that came with it is not somebody else's.
    pub(crate) fn with_token(&self, token: &str, email: Option<&str>) -> Option<User> {
        if let Some((place, hash)) = token::id(token).and_then(|id| self.by_id.get(id)) {
            return token::fits(token, hash).then(|| self.users[*place].clone());
        }
        let place = email.and_then(|email| self.by_email.get(&email.to_lowercase()));
        let hashes = place.and_then(|place| self.without_id.get(place));
        let (Some(place), Some(hashes)) = (place, hashes) else {
            token::fits_nobody(token);
            return None;
        };
        let is_theirs = hashes.iter().any(|hash| token::fits(token, hash));
        is_theirs.then(|| self.users[*place].clone())
    }

    /// Who has this address.
    pub(crate) fn with_email(&self, email: &str) -> Option<User> {
        let place = self.by_email.get(&email.to_lowercase())?;
        Some(self.users[*place].clone())
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

fn mistakes(document: &Document) -> Vec<String> {
    let (mut emails, mut ids) = (HashSet::new(), HashSet::new());
    let mut mistakes = Vec::new();
    for (number, entry) in document.users.iter().enumerate() {
        let mut note = |what: String| mistakes.push(format!("user {}: {what}", number + 1));
        if entry.email.trim().is_empty() {
            note("email is empty".to_owned());
        } else if !emails.insert(entry.email.to_lowercase()) {
            note(format!("{} is there twice", entry.email));
        }
        for token in &entry.tokens {
            if !token::is_hash(&token.hash) {
                note(
                    "the hash of a token is none of argon2, as `proctord plugins token` makes it"
                        .to_owned(),
                );
            }
            if let Some(id) = &token.id
                && !ids.insert(id.clone())
            {
                note(format!("the token id {id} is there twice"));
            }
        }
    }
    mistakes
}
