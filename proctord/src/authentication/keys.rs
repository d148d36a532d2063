//! Under what answers are kept: digests that are keyed anew at each start, so that no token is kept anywhere, and how
//! long it takes to find one tells nothing about it.

use proctor_plugin::{Credentials, User};
use sha2::{Digest, Sha256};

/// What stands for a question.
pub(super) type Key = [u8; 32];

pub(super) struct Keys {
    secret: [u8; 32],
}

impl Keys {
    pub(super) fn new() -> Self {
        Self {
            secret: rand::random(),
        }
    }

    pub(super) fn of_credentials(&self, credentials: &Credentials) -> Key {
        let Credentials { email, token } = credentials;
        // However an address is written, it is the same one.
        let email = email.as_ref().map(|email| email.to_lowercase());
        self.of([token.as_str()].into_iter().chain(email.as_deref()))
    }

    pub(super) fn of_address(&self, email: &str) -> Key {
        self.of(["lookup", email].into_iter())
    }

    /// The user with all that is known of them: who is somebody else by now asks another question.
    pub(super) fn of_right(&self, user: &User, needed: &[String], action: &str) -> Key {
        let User {
            email,
            name,
            active,
            groups,
        } = user;
        let active = if *active { "active" } else { "" };
        // How many there are tells the two lists apart.
        let count = needed.len().to_string();
        let texts = [action, email, name, active, &count].into_iter();
        let lists = needed.iter().chain(groups).map(String::as_str);
        self.of(texts.chain(lists))
    }

    fn of<'a>(&self, texts: impl Iterator<Item = &'a str>) -> Key {
        let mut hash = Sha256::new_with_prefix(self.secret);
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        hash.finalize().into()
    }
}

#[cfg(test)]
mod tests {
    use proctor_plugin::{Credentials, User};

    use super::Keys;

    fn shown(email: Option<&str>, token: &str) -> Credentials {
        Credentials {
            email: email.map(ToOwned::to_owned),
            token: token.to_owned(),
        }
    }

    #[test]
    fn what_differs_has_another_key() {
        let keys = Keys::new();
        let all = [
            shown(None, "ab"),
            shown(Some(""), "ab"),
            shown(Some("b"), "a"),
            shown(Some("a"), "b"),
        ]
        .map(|credentials| keys.of_credentials(&credentials));

        for (place, key) in all.iter().enumerate() {
            assert!(!all[..place].contains(key), "{place}");
        }
        let written = keys.of_credentials(&shown(Some("B"), "a"));
        assert_eq!(written, all[2]);
        let again = keys.of_credentials(&shown(None, "ab"));
        assert_eq!(all[0], again);
        assert_ne!(again, Keys::new().of_credentials(&shown(None, "ab")));
    }

    #[test]
    fn groups_that_are_needed_are_not_those_that_somebody_has() {
        let keys = Keys::new();
        let of = |needed: &[&str], groups: &[&str]| {
            let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let user = User {
                email: "a@example.org".to_owned(),
                name: String::new(),
                active: true,
                groups: texts(groups),
            };
            let needed: Vec<String> = texts(needed);
            keys.of_right(&user, &needed, "execution.show")
        };

        assert_ne!(of(&["a"], &["b", "c"]), of(&["a", "b"], &["c"]));
        assert_ne!(of(&[], &["a"]), of(&["a"], &[]));
    }
}
