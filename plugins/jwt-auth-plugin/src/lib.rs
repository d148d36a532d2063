//! Authentication by bearer tokens that an OpenID Connect provider has signed: who somebody is and what groups they
//! are in is what the token says. This plugin decides nothing itself: a token counts if a key of the provider signed
//! it, for this issuer and audience, and if it has not expired. It keeps no token and asks the provider for its keys
//! alone.

mod claims;
mod key_store;
mod keys;
mod provider;
mod settings;
mod verifier;

use proctor_plugin::{Auth, Credentials, Failure, User, Variables};

use claims::ClaimNames;
use key_store::KeyStore;
use provider::Provider;
use settings::Settings;
use verifier::Verifier;

/// The plugin.
pub struct Jwt {
    verifier: Verifier,
    claims: ClaimNames,
}

impl Jwt {
    /// One with these settings. The keys are fetched in the background: a provider that is away now does not keep the
    /// service from starting, only its users from entering.
    ///
    /// # Errors
    /// A setting is wrong.
    pub fn with(variables: &Variables) -> Result<Self, Failure> {
        let settings = Settings::from(variables)?;
        let provider = Provider::new(settings.source, settings.timeout);
        let keys = KeyStore::start(provider, settings.timing)?;
        Ok(Self {
            verifier: Verifier::new(keys, settings.rules),
            claims: settings.claims,
        })
    }
}

impl Auth for Jwt {
    fn create() -> Result<Self, Failure> {
        Self::with(&Variables::of_process())
    }

    fn authenticate(&self, credentials: &Credentials) -> Result<Option<User>, Failure> {
        match self.verifier.claims(&credentials.token)? {
            Some(claims) => self.claims.user(&claims),
            None => Ok(None),
        }
    }
}

proctor_plugin::auth_plugin!("JwtAuth", Jwt);
