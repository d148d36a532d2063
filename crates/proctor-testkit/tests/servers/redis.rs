//! Redis and Sentinel.

use proctor_testkit::redis::Server;
use proctor_testkit::{Authority, wait_for};

#[test]
fn what_it_holds_is_there_after_a_stop_and_after_a_kill() {
    let server = Server::start();
    let database = server.database();
    let address = server.address();

    assert_eq!(database.cli(&["SET", "a", "1"]), "OK");
    server.stop();
    server.start_again();
    assert_eq!(database.cli(&["SET", "b", "2"]), "OK");
    server.kill();
    server.start_again();

    assert_eq!(database.cli(&["MGET", "a", "b"]), "1\n2");
    assert_eq!(server.address(), address);
}

#[test]
fn databases_are_apart() {
    let server = Server::shared();
    let (one, other) = (server.database(), server.database());

    assert_eq!(one.cli(&["SET", "a", "1"]), "OK");

    assert_eq!(other.cli(&["EXISTS", "a"]), "0");
    assert_ne!(one.url(), other.url());
}

#[test]
fn a_paused_server_is_silent_until_it_is_resumed() {
    let server = Server::start();
    let database = server.database();

    server.pause();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| database.cli(&["PING"]));
        let state = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
        assert!(state.contains(") T "), "{state}");
        assert!(!asked.is_finished());
        server.resume();
        assert_eq!(asked.join().unwrap(), "PONG");
    });
}

#[test]
fn settings_and_certificates_are_taken() {
    let authority = Authority::new();
    let server = Server::builder()
        .setting("maxmemory 3mb")
        .tls(&authority.certify(&["127.0.0.1"]))
        .start();

    let answer = server.first_database().cli(&["CONFIG", "GET", "maxmemory"]);

    assert_eq!(answer, "maxmemory\n3145728");
    assert!(server.database().url().starts_with("rediss://:"));
}

#[test]
fn a_sentinel_watches_a_master() {
    let master = Server::builder().without_password().start();
    let watch = format!("sentinel monitor here 127.0.0.1 {} 1", master.port());
    let sentinel = Server::sentinel().setting(&watch).start();

    wait_for("the sentinel to know its master", || {
        let port = sentinel
            .first_database()
            .cli(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "here"]);
        if port.ends_with(&master.port().to_string()) {
            Ok(())
        } else {
            Err(port)
        }
    });
}
