//! What an execution waits for before it begins: as long as nothing of its log has come it is asked for, seldom, and
//! what is new is told. It tells nothing about an execution that runs.

use std::time::Duration;

use proctor_api::{Execution, Status};

use crate::client::Client;
use crate::console::row;
use crate::escape::visible;
use crate::output::waits;

const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Asks for one execution.
pub struct Waits<'a> {
    client: &'a Client,
    id: u64,
    told: Vec<String>,
    pause: Duration,
    begun: bool,
}

impl<'a> Waits<'a> {
    pub fn new(client: &'a Client, id: u64) -> Self {
        Self {
            client,
            id,
            told: Vec::new(),
            pause: FIRST_PAUSE,
            begun: false,
        }
    }

    /// It has begun, or its log has: there is nothing to tell any more.
    pub fn over(&mut self) {
        self.begun = true;
    }

    /// What it waits for, each time that this is something else.
    pub async fn news(&mut self) -> String {
        loop {
            if self.begun {
                return std::future::pending().await;
            }
            tokio::time::sleep(self.pause).await;
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            // Of an outage the log's own connection tells; here it only means that nothing is known.
            let Ok(execution) = self.client.execution(self.id).await else {
                continue;
            };
            self.begun = has_begun(&execution);
            let rows = waits(&execution);
            let rows: Vec<_> = rows
                .iter()
                .map(|(name, value)| row(name, &visible(value)))
                .collect();
            if !self.begun && !rows.is_empty() && rows != self.told {
                self.told.clone_from(&rows);
                return rows.join("\n");
            }
        }
    }
}

fn has_begun(execution: &Execution) -> bool {
    !matches!(
        execution.status,
        Status::Received | Status::Queued | Status::Created
    )
}
