//! What is said to a mail server for one mail, step by step: which step is refused decides whether to try again. Only a
//! refusal of the address or of the mail itself is final; all else may be a mistake of the installation or the moment.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use secrecy::ExposeSecret;
use tokio::time::timeout;

use super::{MailSecurity, MailSettings};
use crate::deliveries::error::DeliveryError;

/// How long the server may take to hear that we leave: the mail is its own by then.
const FAREWELL: Duration = Duration::from_secs(1);

/// A mail server.
pub(super) struct Server {
    settings: MailSettings,
    tls: Option<TlsParameters>,
    hello: ClientId,
}

impl Server {
    pub(super) fn of(settings: MailSettings) -> Result<Self, Error> {
        let tls = match settings.security {
            MailSecurity::Plain => None,
            MailSecurity::StartTls | MailSecurity::Implicit => {
                Some(TlsParameters::builder(settings.host.clone()).build_rustls()?)
            }
        };
        Ok(Self {
            settings,
            tls,
            hello: ClientId::default(),
        })
    }

    /// Hands a mail over, and returns what the server said to it.
    pub(super) async fn send(
        &self,
        from: &Address,
        to: &Address,
        mail: &[u8],
    ) -> Result<String, DeliveryError> {
        let patience = self.settings.patience;
        let sent = timeout(patience, self.hand_over(from, to, mail)).await;
        let (mut connection, answer) = sent.unwrap_or(Err(DeliveryError::TimedOut(patience)))?;
        // However it takes our leave, it has the mail.
        let _ = timeout(FAREWELL, connection.abort()).await;
        Ok(answer)
    }

    async fn hand_over(
        &self,
        from: &Address,
        to: &Address,
        mail: &[u8],
    ) -> Result<(AsyncSmtpConnection, String), DeliveryError> {
        let mut connection = self.connect().await?;
        let sender = Mail::new(Some(from.clone()), Vec::new());
        let sent = connection.command(sender).await;
        sent.map_err(failed("take a mail from us"))?;
        let recipient = Rcpt::new(to.clone(), Vec::new());
        let taken = connection.command(recipient).await;
        taken.map_err(refused("take a mail for this address"))?;
        let ready = connection.command(Data).await;
        ready.map_err(refused("take the mail"))?;
        let taken = connection.message(mail).await;
        let answer = taken.map_err(refused("take the mail"))?;
        Ok((connection, said(&answer)))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, DeliveryError> {
        let MailSettings {
            host,
            port,
            security,
            patience,
            login,
            ..
        } = &self.settings;
        let at_once = match security {
            MailSecurity::Implicit => self.tls.clone(),
            MailSecurity::StartTls | MailSecurity::Plain => None,
        };
        let address = (host.as_str(), *port);
        let local: Option<IpAddr> = None;
        let connecting = AsyncSmtpConnection::connect_tokio1(
            address,
            Some(*patience),
            &self.hello,
            at_once,
            local,
        );
        let mut connection = connecting.await.map_err(failed("let us connect"))?;
        if let (MailSecurity::StartTls, Some(tls)) = (security, &self.tls) {
            let protected = connection.starttls(tls.clone(), &self.hello).await;
            protected.map_err(failed("begin TLS"))?;
        }
        if let Some(login) = login {
            let password = login.password.expose_secret().to_owned();
            let credentials = Credentials::new(login.user.clone(), password);
            let known = connection.auth(DEFAULT_MECHANISMS, &credentials).await;
            known.map_err(failed("take our user and password"))?;
        }
        Ok(connection)
    }
}

fn failed(doing: &'static str) -> impl Fn(Error) -> DeliveryError {
    move |source| DeliveryError::MailServer { doing, source }
}

/// A step that the server may refuse for good.
fn refused(doing: &'static str) -> impl Fn(Error) -> DeliveryError {
    move |source| {
        if source.is_permanent() {
            DeliveryError::Refused(crate::telemetry::chain(&source))
        } else if is_unreadable(&source) {
            DeliveryError::Unreadable(source)
        } else {
            DeliveryError::MailServer { doing, source }
        }
    }
}

/// Whether the server said something that is no text. An error of TLS is of the same kind, but has another cause.
fn is_unreadable(error: &Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    cause.is_some_and(|cause: &io::Error| {
        cause.kind() == io::ErrorKind::InvalidData && cause.to_string().contains("UTF-8")
    })
}

fn said(answer: &Response) -> String {
    let lines: Vec<_> = answer.message().collect();
    format!("{} {}", answer.code(), lines.join(" "))
}
