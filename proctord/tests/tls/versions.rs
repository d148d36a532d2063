//! What is spoken, and what is not.

use std::io::Write;

use proctor_testkit::KeyKind;
use rustls::ProtocolVersion;
use rustls::version::{TLS12, TLS13};

use crate::support::{Service, ask, config, told};

const LOCALHOST: &str = "Host: 127.0.0.1\r\n";

#[test]
fn tls_1_2_and_1_3_are_spoken_with_keys_of_every_kind() {
    for kind in [KeyKind::Rsa, KeyKind::Ecdsa, KeyKind::Ed25519] {
        let service = Service::with_key(kind);
        for (version, name) in [
            (&TLS12, ProtocolVersion::TLSv1_2),
            (&TLS13, ProtocolVersion::TLSv1_3),
        ] {
            let mut stream = service.connect_by(version);
            let answer = ask(&mut stream, "/ping", LOCALHOST);
            assert!(answer.starts_with("HTTP/1.1 200"), "{kind:?}: {answer}");
            assert_eq!(stream.conn.protocol_version(), Some(name));
        }
    }
}

#[test]
fn http_1_1_is_all_that_is_spoken_above_tls() {
    let service = Service::start();
    let offering = |protocols: &[&str]| {
        let mut config = config(&service.authority, rustls::ALL_VERSIONS);
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().into())
            .collect();
        service.connect_with(config)
    };

    let mut both = offering(&["h2", "http/1.1"]);
    let answer = ask(&mut both, "/ping", LOCALHOST);
    let mut only_h2 = offering(&["h2"]);
    let refused = only_h2.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(both.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
    assert!(refused.is_err());
}

/// A client's first words in TLS 1.1, as RFC 4346 has them: two ciphers of that time, no extensions.
fn hello_of_tls_1_1() -> Vec<u8> {
    let mut hello = vec![3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 4, 0xc0, 0x13, 0, 0x2f, 1, 0]);
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let mut message = vec![1, 0, 0, length(&hello)];
    message.extend(hello);
    let mut record = vec![22, 3, 1, 0, length(&message)];
    record.extend(message);
    record
}

#[test]
fn what_is_older_is_refused_by_an_alert() {
    let service = Service::start();
    let mut stream = service.connect_plainly();

    stream.write_all(&hello_of_tls_1_1()).unwrap();
    let answer = told(stream);

    let [kind, _, _, _, _, level, description, ..] = answer[..] else {
        panic!("no alert came, but {answer:?}");
    };
    assert_eq!(kind, 21, "an alert: {answer:?}");
    assert_eq!(level, 2, "fatal: {answer:?}");
    // About the version, or about what a client of that time cannot offer, whichever is looked at first.
    assert!([70, 40].contains(&description), "{answer:?}");
}

#[test]
fn who_speaks_plain_http_is_told_so_by_an_alert_and_hung_up_on() {
    let service = Service::start();
    let mut stream = service.connect_plainly();

    stream
        .write_all(b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        .unwrap();
    let answer = told(stream);

    assert_eq!(answer.first(), Some(&21), "an alert: {answer:?}");
    assert!(ask(service.connect(), "/ping", LOCALHOST).starts_with("HTTP/1.1 200"));
}
