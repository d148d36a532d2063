//! The variables of this plugin.

use std::time::Duration;

use proctor_plugin::{Failure, Variables};
use proctor_plugin_http::Address;

const URL: &str = "WEBHOOK_PLUGIN_URL";
const ALLOW_HTTP: &str = "WEBHOOK_PLUGIN_ALLOW_HTTP";
const SECRET: &str = "WEBHOOK_PLUGIN_SECRET";
const TIMEOUT: &str = "WEBHOOK_PLUGIN_TIMEOUT_SECONDS";

/// A shorter secret can be guessed by whoever sees a signed request.
const SHORTEST_SECRET: usize = 16;

/// Where events go, and what they are signed with.
pub(crate) struct Settings {
    pub(crate) address: Address,
    pub(crate) secret: String,
    pub(crate) timeout: Duration,
}

impl Settings {
    pub(crate) fn from(variables: &Variables) -> Result<Self, Failure> {
        let url = variables.required(URL, "is where events are sent to")?;
        let may_be_plain = variables.flag(ALLOW_HTTP)?;
        let address = Address::parse(url)
            .and_then(|address| address.encrypted_unless(may_be_plain, ALLOW_HTTP))
            .map_err(|failure| Failure::new(format!("{URL} {failure}")))?;
        let secret = variables.secret(SECRET)?.unwrap_or_default();
        if secret.len() < SHORTEST_SECRET {
            return Err(Failure::new(format!(
                "{SECRET} (or {SECRET}_FILE) is to hold at least {SHORTEST_SECRET} bytes: events are signed with it"
            )));
        }
        Ok(Self {
            address,
            secret,
            timeout: variables.seconds(TIMEOUT, 5, 1..=60)?,
        })
    }
}
