//! Notifications in a Slack channel, with version 2's variable and messages. The address is a secret, so it is never
//! told; what Slack would refuse for its length is cut. What is repeated and when is for the service to decide.

mod message;

use std::time::Duration;

use proctor_plugin::{Event, Failure, Notification, Variables};
use proctor_plugin_http::{Address, Answer, Client};

use message::Message;

const URL: &str = "SLACK_PLUGIN_URL";
const TIMEOUT: &str = "SLACK_PLUGIN_TIMEOUT_SECONDS";

/// Slack answers with a word.
const MOST_BYTES: u64 = 4096;
const MOST_LETTERS_TOLD: usize = 300;

/// The plugin.
pub struct Slack {
    address: Address,
    client: Client,
}

impl Slack {
    /// One with these settings.
    ///
    /// # Errors
    /// A setting is wrong.
    pub fn with(variables: &Variables) -> Result<Self, Failure> {
        let url = variables.required(URL, "is the address of an incoming webhook of Slack")?;
        let address = Address::parse(url);
        let address = address.map_err(|failure| Failure::new(format!("{URL} {failure}")))?;
        let timeout: Duration = variables.seconds(TIMEOUT, 5, 1..=60)?;
        let client = Client::new("slack-notification-plugin", timeout, MOST_BYTES);
        Ok(Self { address, client })
    }

    fn refused(&self, answer: &Answer) -> Failure {
        let wait = answer.retry_after.as_ref();
        let wait = wait.map_or(String::new(), |wait| {
            format!(", to be repeated after {wait}")
        });
        Failure::new(format!(
            "{} answered {}{wait}: {}",
            self.address,
            answer.status,
            answer.excerpt(MOST_LETTERS_TOLD)
        ))
    }
}

impl Notification for Slack {
    fn create() -> Result<Self, Failure> {
        Self::with(&Variables::of_process())
    }

    fn notify(&self, event: &Event) -> Result<(), Failure> {
        let body = serde_json::to_vec(&Message::of(event)?)?;
        let answer = self.client.post(&self.address, &[], &body)?;
        match answer.is_success() {
            true => Ok(()),
            false => Err(self.refused(&answer)),
        }
    }
}

proctor_plugin::notification_plugin!("SlackNotification", Slack);
