//! Version 2's variables, with its defaults, and one for the time that Gate has.

use std::time::Duration;

use proctor_plugin::{Failure, Variables};
use proctor_plugin_http::Address;

const PROTOCOL: &str = "GATE_PLUGIN_PROTOCOL";
const HOST: &str = "GATE_PLUGIN_HOST";
const PROFILE_PATH: &str = "GATE_PLUGIN_PROFILE_PATH";
const TIMEOUT: &str = "GATE_PLUGIN_TIMEOUT_SECONDS";

/// Where Gate is.
pub(crate) struct Settings {
    pub(crate) address: Address,
    /// The address without what is asked, to be told in failures.
    pub(crate) shown: String,
    pub(crate) timeout: Duration,
}

impl Settings {
    pub(crate) fn from(variables: &Variables) -> Result<Self, Failure> {
        let protocol = variables.text(PROTOCOL)?.unwrap_or("https");
        if !matches!(protocol, "https" | "http") {
            return Err(Failure::new(format!(
                "{PROTOCOL} is neither https nor http"
            )));
        }
        let host = variables.text(HOST)?.unwrap_or("gate.gojek.co.id");
        if host.contains(['/', '?', '#', '@']) {
            return Err(Failure::new(format!(
                "{HOST} is more than a host and its port"
            )));
        }
        let path = variables.text(PROFILE_PATH)?;
        let path = path.unwrap_or("api/v1/users/profile");
        if path.contains(['?', '#']) {
            return Err(Failure::new(format!("{PROFILE_PATH} is more than a path")));
        }
        let shown = format!("{protocol}://{host}/{}", path.trim_start_matches('/'));
        let address = Address::parse(&shown)
            .map_err(|failure| Failure::new(format!("{HOST} with {PROFILE_PATH} {failure}")))?;
        Ok(Self {
            address,
            shown,
            timeout: variables.seconds(TIMEOUT, 3, 1..=60)?,
        })
    }
}
