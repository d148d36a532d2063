//! What the HTTP interface is told by the configuration.

use std::time::Duration;

use super::guard::AllowedHosts;
use crate::config::HttpConfig;
use crate::domain::version::Version;

/// The settings that requests are held against.
#[derive(Debug, Clone)]
pub struct Settings {
    pub(super) allowed_hosts: AllowedHosts,
    /// Clients that tell an older version are refused.
    pub(super) min_client_version: Option<Version>,
    /// How long a body may take to arrive.
    pub(super) body_timeout: Duration,
}

impl Settings {
    /// How long a body may take to arrive where nothing is said.
    pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(60);
}

impl From<&HttpConfig> for Settings {
    fn from(config: &HttpConfig) -> Self {
        Self {
            allowed_hosts: AllowedHosts(config.allowed_hosts.clone()),
            min_client_version: config.min_client_version.clone(),
            body_timeout: config.body_timeout,
        }
    }
}
