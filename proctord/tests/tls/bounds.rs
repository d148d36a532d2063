//! What is bounded stays so below TLS, and the handshake is bounded too.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use proctor_testkit::wait_for;

use crate::support::{Service, Stream, ask, told};

const LOCALHOST: &str = "Host: 127.0.0.1\r\n";
const PING: &[u8] = b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

#[test]
fn s13_a_handshake_that_nobody_goes_on_with_is_cut_off() {
    // Long enough for an honest handshake on a machine that has much else to do.
    let service = Service::with(&[("PROCTOR_HEAD_TIMEOUT", "3s")]);
    let silent = service.connect_plainly();
    let mut halting = service.connect_plainly();
    halting.write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
    let began = Instant::now();

    assert!(told(silent).is_empty());
    assert!(told(halting).is_empty());

    assert!(began.elapsed() < Duration::from_secs(30));
    assert!(ask(service.connect(), "/ping", LOCALHOST).starts_with("HTTP/1.1 200"));
}

#[test]
fn s13_handshakes_that_hang_keep_nobody_from_theirs() {
    // More than the framework would have under way at once by itself, on each of two threads.
    let service = Service::with(&[("PROCTOR_HEAD_TIMEOUT", "10m")]);
    let silent: Vec<_> = (0..600).map(|_| service.connect_plainly()).collect();

    let answer = ask(service.connect(), "/ping", LOCALHOST);

    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    drop(silent);
}

#[test]
fn s13_heads_and_bodies_are_bounded_in_size_and_time() {
    let service = Service::with(&[
        ("PROCTOR_HEAD_TIMEOUT", "3s"),
        ("PROCTOR_BODY_TIMEOUT", "1s"),
    ]);
    let headers = |count: usize| {
        (0..count).fold(LOCALHOST.to_owned(), |text, number| {
            text + &format!("X-{number}: x\r\n")
        })
    };
    let large = format!("{LOCALHOST}X: {}\r\n", "x".repeat(33_000));

    let fits = ask(service.connect(), "/metadata", &headers(40));
    let many = ask(service.connect(), "/metadata", &headers(70));
    let large = ask(service.connect(), "/metadata", &large);
    let slow_head = sent(
        &service,
        b"GET /ping HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    );
    let slow_body = sent(
        &service,
        b"POST /execution HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n{",
    );

    for (answer, status) in [
        (fits, 200),
        (many, 431),
        (large, 431),
        (slow_head, 408),
        (slow_body, 408),
    ] {
        let line = format!("HTTP/1.1 {status}");
        assert!(answer.starts_with(&line), "{status}: {answer}");
    }
}

fn sent(service: &Service, bytes: &[u8]) -> String {
    let mut stream = service.connect();
    stream.write_all(bytes).unwrap();
    String::from_utf8_lossy(&told(stream)).into_owned()
}

#[test]
fn s13_connections_are_counted_and_more_wait_for_their_turn() {
    let service = Service::with(&[("PROCTOR_MAX_CONNECTIONS", "2")]);
    // An answer shows that a connection is taken; the byte after it keeps it open.
    let taken = || {
        let mut stream = service.connect();
        stream.write_all(PING).unwrap();
        stream.read_exact(&mut [0; 12]).unwrap();
        stream.write_all(b"G").unwrap();
        stream
    };
    let first: Vec<Stream> = vec![taken(), taken()];
    let mut third = service.connect();

    let patience = Duration::from_millis(300);
    third.sock.set_read_timeout(Some(patience)).unwrap();
    let early = third.write_all(PING);
    assert!(early.is_err(), "it was served while two others were open");
    drop(first);

    let mut answer = [0; 12];
    wait_for("the third connection to be served", || {
        third.write_all(PING).map_err(|error| error.to_string())?;
        third
            .read_exact(&mut answer)
            .map_err(|error| error.to_string())
    });
    assert_eq!(&answer, b"HTTP/1.1 200");
}
