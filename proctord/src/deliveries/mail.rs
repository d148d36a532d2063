//! Mails: one for each address, so that one that is refused stops no other. The mail server is given each with the same
//! `Message-ID` however often it comes. What stands in a mail is said in `text`, how a server is spoken to in `session`.

mod session;
mod text;

use std::time::Duration;

use jiff::Timestamp;
use lettre::address::AddressError;
use lettre::message::{Mailbox, MultiPart, header};
use lettre::{Address, Message};
use secrecy::SecretString;

use super::callback::ID_HEADER;
use super::error::DeliveryError;
use super::log_end;
use crate::store::{Claimed, MailPayload, Store};
use session::Server;

/// How a connection to a mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailSecurity {
    /// Begun in the clear and changed to TLS before anything is said; a server that does not offer it gets no mail.
    StartTls,
    /// TLS from the first byte.
    Implicit,
    /// None at all, for a server on this machine.
    Plain,
}

/// Who a mail server is told that we are.
#[derive(Debug, Clone)]
pub struct MailLogin {
    pub user: String,
    pub password: SecretString,
}

/// A mail server, and whose mails it gets.
#[derive(Debug, Clone)]
pub struct MailSettings {
    pub host: String,
    pub port: u16,
    pub security: MailSecurity,
    pub login: Option<MailLogin>,
    /// Whom mails are from.
    pub from: Mailbox,
    /// How long it may take to get an answer.
    pub patience: Duration,
}

/// Whom mails are from, such as `proctor@example.com` or `Proctor <proctor@example.com>`.
///
/// # Errors
/// It is no address.
pub fn parse_sender(text: &str) -> Result<Mailbox, AddressError> {
    text.parse()
}

/// Sends mails.
pub struct Mails {
    server: Server,
    from: Mailbox,
}

impl Mails {
    /// By this server.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn by(settings: MailSettings) -> Result<Self, lettre::transport::smtp::Error> {
        let from = settings.from.clone();
        let server = Server::of(settings)?;
        Ok(Self { server, from })
    }

    pub(super) async fn carry(
        &self,
        store: &dyn Store,
        claimed: &Claimed,
    ) -> Result<(), DeliveryError> {
        let payload: MailPayload = serde_json::from_str(&claimed.payload)?;
        let log = match claimed.execution {
            Some(id) => log_end::read(store, id).await?,
            None => log_end::LastLines::default(),
        };
        let mail = text::of(&payload, &log);
        self.send(&claimed.id, &claimed.target, mail).await?;
        Ok(())
    }

    /// Sends a mail that says that mails come through, and returns what the server said to it.
    ///
    /// # Errors
    /// What went wrong, in the server's words if it said anything.
    pub async fn send_test(&self, id: &str, address: &str) -> Result<String, DeliveryError> {
        self.send(id, address, text::test(Timestamp::now())).await
    }

    async fn send(
        &self,
        id: &str,
        address: &str,
        mail: text::Mail,
    ) -> Result<String, DeliveryError> {
        let to: Address = address
            .parse()
            .map_err(|error| DeliveryError::Mail(format!("{address:?} is no address: {error}")))?;
        let domain = self.from.email.domain();
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(mail.subject)
            .message_id(Some(format!("<{id}@{domain}>")))
            .raw_header(plain_header("Auto-Submitted", "auto-generated")?)
            .raw_header(plain_header(ID_HEADER, id)?)
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(|error| DeliveryError::Mail(error.to_string()))?;
        let from = &self.from.email;
        self.server.send(from, &to, &message.formatted()).await
    }
}

fn plain_header(name: &str, value: &str) -> Result<header::HeaderValue, DeliveryError> {
    let name = header::HeaderName::new_from_ascii(name.to_owned());
    let name = name.map_err(|error| DeliveryError::Mail(error.to_string()))?;
    Ok(header::HeaderValue::new(name, value.to_owned()))
}
