//! The mail server, by the names that version 2 has for it, and how the connection to it is protected.

use std::net::IpAddr;
use std::time::Duration;

use super::reader::Reader;
use crate::deliveries::mail::{MailLogin, MailSecurity, MailSettings, parse_sender};

const HOST: &str = "PROCTOR_MAIL_SERVER_HOST";
const PORT: &str = "PROCTOR_MAIL_SERVER_PORT";
const USER: &str = "PROCTOR_MAIL_USERNAME";
const PASSWORD: &str = "PROCTOR_MAIL_PASSWORD";
const FROM: &str = "PROCTOR_MAIL_FROM";
const TLS: &str = "PROCTOR_MAIL_TLS";
/// Where a server takes TLS from the first byte.
const SUBMISSIONS_PORT: u16 = 465;
const SUBMISSION_PORT: u16 = 587;
/// Shorter than a try to deliver may take.
const PATIENCE: Duration = Duration::from_secs(25);

/// Absent if no server is named.
pub(super) fn read(reader: &mut Reader) -> Option<MailSettings> {
    let host = reader.text(HOST);
    let port = reader.port(PORT, SUBMISSION_PORT);
    let user = reader.text(USER);
    let password = reader.secret(PASSWORD);
    let from = reader.text(FROM);
    let security = security(reader, port);
    let host = host?;
    if security == MailSecurity::Plain && !is_loopback(&host) {
        let (tls, at) = (reader.name_of(TLS), reader.name_of(HOST));
        reader.mistake(format!(
            "{tls} may be none for a mail server on this machine alone, and {at} is {host}"
        ));
    }
    let login = match (&user, password) {
        (Some(user), Some(password)) => Some(MailLogin {
            user: user.clone(),
            password,
        }),
        (None, Some(_)) => {
            let (password, user) = (reader.name_of(PASSWORD), USER);
            reader.mistake(format!("{password} needs {user}"));
            None
        }
        _ => None,
    };
    Some(MailSettings {
        host,
        port,
        security,
        login,
        from: sender(reader, from.or(user))?,
        patience: PATIENCE,
    })
}

/// Version 2 sends from its user.
fn sender(reader: &mut Reader, from: Option<String>) -> Option<lettre::message::Mailbox> {
    let Some(from) = from else {
        let host = reader.name_of(HOST);
        reader.mistake(format!(
            "{host} needs an address that mails are from: set {FROM}"
        ));
        return None;
    };
    match parse_sender(&from) {
        Ok(sender) => Some(sender),
        Err(error) => {
            reader.mistake(format!(
                "{FROM} (or {USER} without it) must be an address that mails are from, not {from:?}: {error}"
            ));
            None
        }
    }
}

fn security(reader: &mut Reader, port: u16) -> MailSecurity {
    let default = if port == SUBMISSIONS_PORT {
        MailSecurity::Implicit
    } else {
        MailSecurity::StartTls
    };
    let shown = "starttls, and implicit on port 465";
    let wanted = "starttls, implicit or none";
    reader.parse(TLS, default, shown, wanted, |text| match text {
        "starttls" => Some(MailSecurity::StartTls),
        "implicit" => Some(MailSecurity::Implicit),
        "none" => Some(MailSecurity::Plain),
        _ => None,
    })
}

fn is_loopback(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}
