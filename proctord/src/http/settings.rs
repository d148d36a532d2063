//! What the HTTP interface is told by the configuration.

use std::time::Duration;

use super::guard::AllowedHosts;
use crate::config::HttpConfig;
use crate::domain::version::Version;

/// The settings that requests are held against.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The names under which it may be addressed; absent, foreign pages can do no harm: they have no credentials.
    pub(super) allowed_hosts: Option<AllowedHosts>,
    /// Clients that tell an older version are refused.
    pub(super) min_client_version: Option<Version>,
    /// How long a body may take to arrive.
    pub(super) body_timeout: Duration,
}

impl Settings {
    /// How long a body may take to arrive where nothing is said.
    pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(60);
}

impl Settings {
    /// Those of a service of which nobody need prove who they are, or everybody.
    #[must_use]
    pub fn of(config: &HttpConfig, authenticates: bool) -> Self {
        let allowed_hosts = AllowedHosts(config.allowed_hosts.clone());
        Self {
            allowed_hosts: (!authenticates).then_some(allowed_hosts),
            min_client_version: config.min_client_version.clone(),
            body_timeout: config.body_timeout,
        }
    }
}
