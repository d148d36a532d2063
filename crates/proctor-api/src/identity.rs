//! Who asks, as the service sees it.

use serde::{Deserialize, Serialize};

/// Answer of `GET /whoami`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WhoAmI {
    /// As the service knows the asker; while authentication is off, as the client named itself, if it did.
    pub email: String,
    /// The groups by which procs are seen and run; empty while authentication is off.
    pub groups: Vec<String>,
    /// Whether the asker may do what admins may.
    #[serde(default)]
    pub admin: bool,
    /// Whether the service has made sure that the asker is who the email says.
    pub authenticated: bool,
}
