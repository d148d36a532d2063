//! `proctor version`

use crate::client::VERSION;
use crate::context::answer;
use crate::error::Error;

/// Prints the client's version. Asks nobody whether there is a newer one.
pub async fn run() -> Result<(), Error> {
    answer(&format!(
        "Proctor: A Developer Friendly Automation Orchestrator {VERSION}\n"
    ))
}
