//! Who asks, as the service sees it.

use serde::{Deserialize, Serialize};

/// Answer of `GET /whoami`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoAmI {
    /// As the client named itself; empty if it did not.
    pub email: String,
    /// The groups by which procs are seen and run; empty while authentication is off.
    pub groups: Vec<String>,
    /// Whether the service has made sure that the asker is who the email says.
    pub authenticated: bool,
}
