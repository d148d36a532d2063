//! What Gate knows of somebody.

use proctor_plugin::{Failure, User};
use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Profile {
    email: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    active: bool,
    /// Gate writes `null` for somebody who is in none.
    #[serde(default)]
    groups: Option<Vec<Group>>,
}

#[derive(Deserialize)]
struct Group {
    name: String,
}

impl Profile {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Failure> {
        serde_json::from_slice(body)
            .map_err(|error| Failure::new(format!("Gate returned no profile: {error}")))
    }
}

impl From<Profile> for User {
    fn from(profile: Profile) -> Self {
        let groups = profile.groups.unwrap_or_default().into_iter();
        Self {
            email: profile.email,
            name: profile.name,
            active: profile.active,
            groups: groups.map(|group| group.name).collect(),
        }
    }
}
