//! Where deliveries go: callbacks, plugins, the mail server.

use super::{Purpose, examine, load};
use crate::deliveries::mail::MailSecurity;

const HOST: (&str, &str) = ("PROCTOR_MAIL_SERVER_HOST", "mail.example.com");
const FROM: (&str, &str) = ("PROCTOR_MAIL_FROM", "Proctor <proctor@example.com>");

fn mistakes(pairs: &[(&str, &str)]) -> String {
    examine(pairs, Purpose::Dev).mistakes.join("\n")
}

#[test]
fn a_mail_server_is_spoken_to_over_tls_unless_it_is_on_this_machine() {
    let security = |more: &[(&'static str, &'static str)]| {
        let pairs: Vec<_> = [HOST, FROM].iter().chain(more).copied().collect();
        load(&pairs).mail.unwrap().security
    };

    assert_eq!(security(&[]), MailSecurity::StartTls);
    let port = ("PROCTOR_MAIL_SERVER_PORT", "465");
    assert_eq!(security(&[port]), MailSecurity::Implicit);
    let tls = ("PROCTOR_MAIL_TLS", "starttls");
    assert_eq!(security(&[port, tls]), MailSecurity::StartTls);
    for (host, is_taken) in [
        ("mail.example.com", false),
        ("localhost", true),
        ("::1", true),
    ] {
        let pairs = [
            ("PROCTOR_MAIL_SERVER_HOST", host),
            FROM,
            ("PROCTOR_MAIL_TLS", "none"),
        ];
        assert_eq!(mistakes(&pairs).is_empty(), is_taken, "{host}");
    }
}

#[test]
fn mails_are_from_somebody() {
    let user = ("PROCTOR_MAIL_USERNAME", "proctor@example.com");
    let password = ("PROCTOR_MAIL_PASSWORD", "secret");

    assert!(load(&[]).mail.is_none());
    assert!(mistakes(&[HOST]).contains("PROCTOR_MAIL_FROM"));
    let wrong = mistakes(&[HOST, ("PROCTOR_MAIL_FROM", "nobody")]);
    assert!(wrong.contains("nobody"), "{wrong}");
    assert!(mistakes(&[HOST, FROM, password]).contains("PROCTOR_MAIL_USERNAME"));
    let mail = load(&[HOST, user, password]).mail.unwrap();
    assert_eq!(mail.from.to_string(), "proctor@example.com");
    assert!(mail.login.is_some());
    assert!(!format!("{mail:?}").contains("secret"));
}

#[test]
fn whoever_is_told_has_a_name_of_its_own() {
    let files = "PROCTOR_NOTIFICATION_PLUGIN_BINARY";
    let names = "PROCTOR_NOTIFICATION_PLUGIN_EXPORTED";

    let audience = load(&[(files, "/p/libslack_plugin.so,/p/diary.so"), HOST, FROM]).audience();
    assert_eq!(audience.notifications, ["slack_plugin", "diary"]);
    assert!(audience.has_mail);
    let named = load(&[(files, "/p/a.so,/q/a.so"), (names, "One,Two")]).audience();
    assert_eq!(named.notifications, ["One", "Two"]);
    assert!(!named.has_mail);
    let twice = mistakes(&[(files, "/p/a.so,/q/liba.so")]);
    assert!(twice.contains("two plugins that are called a"), "{twice}");
}

#[test]
fn what_is_no_host_for_callbacks_is_told() {
    let wrong = mistakes(&[("PROCTOR_CALLBACK_ALLOW", "hooks.example.com,http://x/")]);
    assert!(
        wrong.contains("PROCTOR_CALLBACK_ALLOW must be hosts"),
        "{wrong}"
    );
    assert!(load(&[]).callbacks.is_empty());
}
