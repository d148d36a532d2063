//! Notifications as requests to an address of one's own: the event as JSON, signed, so that the receiver knows that it
//! comes from here and when. It follows no redirect, for the event is meant for that address alone. What is repeated
//! and when to give up is for the service to decide.

mod settings;
mod signature;

use std::time::SystemTime;

use proctor_plugin::{Event, Failure, Notification, Variables};
use proctor_plugin_http::{Answer, Client};

use settings::Settings;
pub use signature::sign;

/// Of an answer only its beginning is of interest.
const MOST_BYTES: u64 = 4096;
const MOST_LETTERS_TOLD: usize = 300;

/// The plugin.
pub struct Webhook {
    settings: Settings,
    client: Client,
}

impl Webhook {
    /// One with these settings.
    ///
    /// # Errors
    /// A setting is wrong.
    pub fn with(variables: &Variables) -> Result<Self, Failure> {
        let settings = Settings::from(variables)?;
        let client = Client::new("webhook-notification-plugin", settings.timeout, MOST_BYTES);
        Ok(Self { settings, client })
    }

    fn refused(&self, answer: &Answer) -> Failure {
        let wait = answer.retry_after.as_ref();
        let wait = wait.map_or(String::new(), |wait| {
            format!(", to be repeated after {wait}")
        });
        Failure::new(format!(
            "{} answered {}{wait}: {}",
            self.settings.address,
            answer.status,
            answer.excerpt(MOST_LETTERS_TOLD)
        ))
    }
}

impl Notification for Webhook {
    fn create() -> Result<Self, Failure> {
        Self::with(&Variables::of_process())
    }

    fn notify(&self, event: &Event) -> Result<(), Failure> {
        let body = serde_json::to_vec(event)?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let signature = sign(self.settings.secret.as_bytes(), now.as_secs(), &body)?;
        let headers = [
            // The same whenever the event is sent again.
            ("Proctor-Delivery", event.id.as_str()),
            ("Proctor-Event", event.kind.as_str()),
            ("Proctor-Signature", signature.as_str()),
        ];
        let answer = self.client.post(&self.settings.address, &headers, &body)?;
        match answer.is_success() {
            true => Ok(()),
            false => Err(self.refused(&answer)),
        }
    }
}

proctor_plugin::notification_plugin!("WebhookNotification", Webhook);
