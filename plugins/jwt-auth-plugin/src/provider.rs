//! The provider, as far as it is asked: for its keys, and first for where they are if that is not said. It asks once
//! and waits a bounded time; when to ask is decided elsewhere.

use std::time::Duration;

use proctor_plugin::Failure;
use proctor_plugin_http::{Address, Client};
use serde::Deserialize;

use crate::keys::Keys;

/// Where a provider describes itself, behind its issuer.
pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";

/// More than any description or set of keys has.
const MOST_BYTES: u64 = 1 << 20;
const MOST_LETTERS_TOLD: usize = 200;

/// Where the keys are.
pub(crate) struct Source {
    pub(crate) place: Where,
    pub(crate) issuer: String,
    /// Whether a description may name an address without encryption.
    pub(crate) may_be_plain: bool,
}

pub(crate) enum Where {
    Keys(Address),
    Discovery(Address),
}

/// The provider.
pub(crate) struct Provider {
    source: Source,
    client: Client,
}

#[derive(Deserialize)]
struct Description {
    issuer: String,
    jwks_uri: String,
}

impl Provider {
    pub(crate) fn new(source: Source, timeout: Duration) -> Self {
        let client = Client::new("jwt-auth-plugin", timeout, MOST_BYTES);
        Self { source, client }
    }

    /// The keys that it has now.
    pub(crate) fn keys(&self) -> Result<Keys, Failure> {
        match &self.source.place {
            Where::Keys(address) => self.keys_at(address),
            Where::Discovery(address) => self.keys_at(&self.discovered(address)?),
        }
    }

    fn keys_at(&self, address: &Address) -> Result<Keys, Failure> {
        let body = self.get(address)?;
        Keys::parse(&body).map_err(|failure| Failure::new(format!("{address} answered {failure}")))
    }

    fn discovered(&self, address: &Address) -> Result<Address, Failure> {
        let wrong = |what: String| Failure::new(format!("{address} describes itself {what}"));
        let body = self.get(address)?;
        let described: Description = serde_json::from_slice(&body)
            .map_err(|error| wrong(format!("in words not understood: {error}")))?;
        // A description of somebody else must not bring somebody else's keys in.
        if described.issuer != self.source.issuer {
            return Err(wrong(format!("as another issuer, {:?}", described.issuer)));
        }
        Address::parse(&described.jwks_uri)
            .and_then(|keys| {
                keys.encrypted_unless(self.source.may_be_plain, "JWT_PLUGIN_ALLOW_HTTP")
            })
            .map_err(|failure| wrong(format!("with a jwks_uri that {failure}")))
    }

    fn get(&self, address: &Address) -> Result<Vec<u8>, Failure> {
        let answer = self.client.get(address, &[])?;
        if !answer.is_success() {
            return Err(Failure::new(format!(
                "{address} answered {}: {}",
                answer.status,
                answer.excerpt(MOST_LETTERS_TOLD)
            )));
        }
        match answer.is_cut {
            true => Err(Failure::new(format!("{address} answered too much"))),
            false => Ok(answer.body),
        }
    }
}
