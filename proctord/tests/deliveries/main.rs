//! Deliveries as their receivers see them: callbacks at a real web server, notifications through the plugins that come
//! with Proctor, mails at a real mail server; each of them away, slow, refusing, and with proctord killed in between.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, whatever fails to unwrap is the failure"
)]

mod callbacks;
mod mail_troubles;
mod mails;
mod notification_troubles;
mod notifications;
mod scene;
mod trying_again;
