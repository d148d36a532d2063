//! Who has a token. A token `proctor_ID_SECRET` says which entry it belongs to; of any other text only the e-mail
//! address that comes with it says so. Whoever is not there takes as long to refuse as whoever is there with a wrong
//! token, as far as the hashes of a file cost the same.

use std::collections::HashMap;

use proctor_plugin::{Failure, User};
use proctor_token::{Cost, Hash};

use crate::document::{self, Entry, Token};

/// All users.
pub(crate) struct Users {
    users: Vec<User>,
    /// By the id in the token: the place of its user, and the hash.
    by_id: HashMap<String, (usize, Hash)>,
    by_email: HashMap<String, usize>,
    /// Hashes of tokens without an id, by the place of their user.
    without_id: HashMap<usize, Vec<Hash>>,
    /// What is compared where there is nothing to compare with.
    nobodys: Hash,
}

impl Users {
    /// The users that a text tells of.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let entries = document::parse(text)?;
        let mut users = Self {
            users: Vec::new(),
            by_id: HashMap::new(),
            by_email: HashMap::new(),
            without_id: HashMap::new(),
            nobodys: nobodys(&entries)?,
        };
        entries.into_iter().for_each(|entry| users.add(entry));
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

    /// Whose token it is. The address that came with it only helps to find a token that does not say its entry.
    pub(crate) fn with_token(&self, token: &str, email: Option<&str>) -> Option<User> {
        let id = proctor_token::id(token);
        if let Some((place, hash)) = id.and_then(|id| self.by_id.get(id)) {
            return hash.fits(token).then(|| self.users[*place].clone());
        }
        let place = email.and_then(|email| self.by_email.get(&email.to_lowercase()));
        let hashes = place.and_then(|place| self.without_id.get(place));
        let hashes = hashes.map_or(&[][..], Vec::as_slice);
        // All of them, and as many as anybody has, so that the time does not tell who has how many.
        let most = self.without_id.values().map(Vec::len).max().unwrap_or(0);
        let padding = most.max(1) - hashes.len();
        let is_theirs = hashes
            .iter()
            .chain(std::iter::repeat_n(&self.nobodys, padding))
            .fold(false, |found, hash| hash.fits(token) | found);
        let place = place.filter(|_| is_theirs)?;
        Some(self.users[*place].clone())
    }

    /// Who has this address.
    pub(crate) fn with_email(&self, email: &str) -> Option<User> {
        let place = self.by_email.get(&email.to_lowercase())?;
        Some(self.users[*place].clone())
    }
}

/// A hash that nothing fits and that costs what the most expensive one of the file costs.
fn nobodys(entries: &[Entry]) -> Result<Hash, Failure> {
    let hashes = entries.iter().flat_map(|entry| &entry.tokens);
    let dearest = hashes
        .map(|token| token.hash.cost())
        .max_by_key(|cost| cost.work());
    let cost = dearest.cloned().unwrap_or_else(Cost::of_random_tokens);
    Hash::of_nobody(&cost).ok_or_else(|| Failure::new("no hash can be made here"))
}
