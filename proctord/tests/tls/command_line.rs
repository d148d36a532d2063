//! `proctor` against a service that speaks TLS: it works where the certificate is right, and says what is wrong
//! where it is not.

use std::net::TcpListener;

use proctor_testkit::{Authority, Proctord, Ran};

use crate::support::{HERE, Service, text};

/// A run of `proctor list`, told whom to trust.
fn list(service: &Service, variables: &[(&str, &str)]) -> Ran {
    let command = service.proctord.proctor(&["list", "-oname"]);
    variables
        .iter()
        .fold(command, |command, (name, value)| command.env(name, value))
        .run()
}

fn assert_refused(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stdout.is_empty(), "{ran:?}");
    for word in words {
        assert!(ran.stderr.contains(word), "{word:?} is not in {ran:?}");
    }
}

#[test]
fn executions_are_followed_to_their_end_over_tls() {
    let service = Service::start();
    let ca = text(&service.authority.path());

    let executed = service
        .proctord
        .proctor(&["execute", "count-down", "SECONDS_LEFT=1", "--cacert", &ca])
        .succeed();
    let listed = list(&service, &[("PROCTOR_CACERT", &ca)]);
    // As it would be with an authority that the machine itself trusts.
    let by_machine = list(&service, &[("SSL_CERT_FILE", &ca)]);

    assert!(executed.contains("1"), "{executed}");
    assert!(listed.text().contains("count-down"), "{listed:?}");
    assert_eq!(listed.stderr, "");
    assert_eq!(by_machine.code, Some(0), "{by_machine:?}");
}

#[test]
fn a_stranger_is_not_believed_and_nothing_is_sent_to_them() {
    let service = Service::start();
    let others = text(&Authority::new().path());
    let elsewhere = Authority::new();
    let elsewhere = text(&elsewhere.path());

    let by_machine = list(&service, &[("SSL_CERT_FILE", &elsewhere)]);
    assert_refused(
        &by_machine,
        &["signed by nobody whom this machine trusts", "--cacert FILE"],
    );
    let by_file = list(&service, &[("PROCTOR_CACERT", &elsewhere)]);
    assert_refused(&by_file, &["is signed by nobody in", &elsewhere]);
    let namesake = service.authority.namesake();
    let namesake = text(&namesake.path());
    let by_name = list(&service, &[("PROCTOR_CACERT", &namesake)]);
    assert_refused(&by_name, &["is signed by nobody in", &namesake]);
    let gone = list(&service, &[("PROCTOR_CACERT", &others)]);
    assert_refused(&gone, &["cannot be read from", &others]);

    // A log is not tried again either: the first refusal is the last word.
    let logs = service
        .proctord
        .proctor(&["logs", "1", "--cacert", &elsewhere]);
    let logs = logs.run();
    assert_eq!(logs.code, Some(125), "{logs:?}");
    assert!(logs.stderr.contains("is signed by nobody in"), "{logs:?}");
}

#[test]
fn a_certificate_for_another_name_or_time_is_refused_with_the_reason() {
    let authority = Authority::new();
    let ca = text(&authority.path());
    let elsewhere = authority.certify(&["elsewhere.example"]);
    let service = Service::showing(authority, &elsewhere, &[]);
    assert_refused(
        &list(&service, &[("PROCTOR_CACERT", &ca)]),
        &["The certificate is for elsewhere.example, not for https://127.0.0.1:"],
    );

    let authority = Authority::new();
    let ca = text(&authority.path());
    let expired = authority.certify_expired(HERE);
    let service = Service::showing(authority, &expired, &[]);
    assert_refused(
        &list(&service, &[("PROCTOR_CACERT", &ca)]),
        &["has expired: whoever runs it must renew it"],
    );

    let authority = Authority::new();
    let ca = text(&authority.path());
    let of_authority = authority.certify_authority(HERE);
    let service = Service::showing(authority, &of_authority, &[]);
    assert_refused(
        &list(&service, &[("PROCTOR_CACERT", &ca)]),
        &["is one of an authority: whoever runs it must have one made with CA:FALSE"],
    );

    let authority = Authority::new();
    let ca = text(&authority.path());
    let nameless = authority.certify(&[]);
    let service = Service::showing(authority, &nameless, &[]);
    assert_refused(
        &list(&service, &[("PROCTOR_CACERT", &ca)]),
        &["names no host: whoever runs it must have one made with a subjectAltName"],
    );
}

#[test]
fn tls_and_plain_http_do_not_understand_each_other_and_say_so() {
    let service = Service::start();
    let ca = text(&service.authority.path());
    let plain = list(&service, &[("PROCTOR_HOST", service.proctord.address())]);
    assert_refused(&plain, &["speaks TLS, PROCTOR_HOST begins with https://"]);

    let folder = tempfile::tempdir().unwrap();
    let other = Proctord::at(&folder.path().join("data")).start();
    let host = format!("https://{}", other.address());
    let tls = list(
        &service,
        &[("PROCTOR_HOST", &host), ("PROCTOR_CACERT", &ca)],
    );
    assert_refused(
        &tls,
        &["does not speak TLS", "PROCTOR_HOST begins with http://"],
    );
}

#[test]
fn a_token_is_not_sent_in_the_clear_without_a_word() {
    let service = Service::start();
    let ca = text(&service.authority.path());
    let token = ("ACCESS_TOKEN", "a-token-of-mine");
    let warning = "in the clear";
    // Nobody is there, which is as good: the warning comes before.
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();

    let abroad = list(&service, &[("PROCTOR_HOST", "proctor.invalid"), token]);
    let here = list(&service, &[("PROCTOR_HOST", &nobody.to_string()), token]);
    let by_tls = list(&service, &[("PROCTOR_CACERT", &ca), token]);

    assert_refused(&abroad, &[warning, "proctor.invalid"]);
    assert!(!abroad.stderr.contains("a-token-of-mine"), "{abroad:?}");
    assert!(!here.stderr.contains(warning), "{here:?}");
    assert_eq!(by_tls.stderr, "");
}
