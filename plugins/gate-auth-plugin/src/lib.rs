//! Authentication by Gate, with version 2's protocol and variables: Gate is asked for the profile that belongs to an
//! address and a token. Whether the address of the profile is the one asked for is compared by the service, as for
//! every plugin. The token is part of the address that is asked, as Gate wants it, so no address is ever told.

mod profile;
mod settings;

use proctor_plugin::{Auth, Credentials, Failure, User, Variables};
use proctor_plugin_http::{Answer, Client};

use profile::Profile;
use settings::Settings;

/// A profile is a few hundred bytes; this leaves room for thousands of groups.
const MOST_BYTES: u64 = 1 << 20;
const MOST_LETTERS_TOLD: usize = 300;

/// The plugin.
pub struct Gate {
    settings: Settings,
    client: Client,
}

impl Gate {
    /// One with these settings, which waits so long for Gate.
    ///
    /// # Errors
    /// A setting is wrong.
    pub fn with(variables: &Variables) -> Result<Self, Failure> {
        let settings = Settings::from(variables)?;
        let client = Client::new("gate-auth-plugin", settings.timeout, MOST_BYTES);
        Ok(Self { settings, client })
    }

    /// What an answer that tells of nobody means. Version 2's words, in the service's log.
    fn refused(&self, answer: &Answer, email: &str, token: &str) -> Result<Option<User>, Failure> {
        match answer.status {
            401 => eprintln!("authentication failed, please check your access token"),
            404 => eprintln!("user not found for email {email:?}"),
            _ => {
                let said = answer.excerpt(MOST_LETTERS_TOLD).replace(token, "…");
                return Err(Failure::new(format!(
                    "request to {} with email {email} failed, returned body {said}",
                    self.settings.shown
                )));
            }
        }
        Ok(None)
    }
}

impl Auth for Gate {
    fn create() -> Result<Self, Failure> {
        Self::with(&Variables::of_process())
    }

    fn authenticate(&self, credentials: &Credentials) -> Result<Option<User>, Failure> {
        let token = &credentials.token;
        // Gate knows tokens only together with the address they belong to.
        let Some(email) = &credentials.email else {
            return Ok(None);
        };
        let query = [("email", email.as_str()), ("access_token", token)];
        let answer = self.client.get(&self.settings.address, &query)?;
        if !answer.is_success() {
            return self.refused(&answer, email, token);
        }
        if answer.is_cut {
            return Err(Failure::new("the profile that Gate returned is too long"));
        }
        Profile::parse(&answer.body).map(|profile| Some(profile.into()))
    }
}

proctor_plugin::auth_plugin!("GateAuth", Gate);
