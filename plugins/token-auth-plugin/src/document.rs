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
    Failure::new(place.unwrap_or_default() + &without_values(error.message()))
}

/// The words that a mistake may be told with: those of the form itself.
const WORDS: [&str; 9] = [
    "user", "email", "name", "active", "groups", "tokens", "id", "hash", "=",
];

/// A message without what it quotes of the file: a token or a hash in the wrong place would be in it.
fn without_values(message: &str) -> String {
    let mut told = String::new();
    let mut rest = message;
    while let Some(begin) = rest.find(['"', '`', '\'']) {
        let (before, quoted) = rest.split_at(begin);
        let mut quoted = quoted.chars();
        let quote = quoted.next().unwrap_or_default();
        let quoted = quoted.as_str();
        // The last of them: what is quoted may have the sign in it.
        let end = match quote {
            '"' => quoted.rfind(quote),
            _ => quoted.find(quote),
        };
        let Some(end) = end else {
            return told + before + "…";
        };
        let is_known = WORDS.contains(&&quoted[..end]);
        told += before;
        told += if is_known {
            &rest[begin..begin + end + 2]
        } else {
            "…"
        };
        rest = &quoted[end + 1..];
    }
    told + rest
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
            self.note(number, "there are blanks in the email");
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
            // Not told: a whole token may have been put there.
            self.note(number, "the id of a token is there twice");
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

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_is_told_of_a_mistake_has_nothing_of_what_the_file_holds() {
        let secret = "proctor_5f3a_SECRET";
        let user = "[[user]]\nemail = \"a@example.org\"\n";
        for wrong in [
            format!("{user}active = \"{secret}\""),
            format!("{user}tokens = \"{secret}\""),
            format!("{user}{secret} = 1"),
            format!("{user}active = \"\\\"{secret}\\\"\""),
            format!("{user}groups = [\"{secret}\", 5]"),
            format!("{user}groups = {secret}"),
            format!("{user}tokens = [{{id = \"{secret}\", hash = \"{secret}\"}}]"),
            format!(
                "{user}tokens = [{{id = \"{secret}\", hash = \"x\"}}, {{id = \"{secret}\", hash = \"x\"}}]"
            ),
            format!("[[user]]\nemail = \"{secret} x\""),
        ] {
            let told = parse(&wrong).map(|_| ()).unwrap_err().to_string();
            assert!(!told.contains("SECRET"), "{told}");
        }
        let told = parse(&format!("{user}active = \"yes\"")).map(|_| ());
        let told = told.unwrap_err().to_string();
        assert_eq!(told, "line 3: invalid type: string …, expected a boolean");
    }
}
