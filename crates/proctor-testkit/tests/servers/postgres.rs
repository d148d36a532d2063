//! Postgres.

use proctor_testkit::Authority;
use proctor_testkit::postgres::Server;

#[test]
fn what_it_holds_is_there_after_a_stop_and_after_a_kill() {
    let server = Server::start();
    let database = server.database();
    assert_eq!(database.psql("CREATE TABLE t (n int)"), "");
    let (url, first) = (database.url(), server.pid());

    assert_eq!(database.psql("INSERT INTO t VALUES (1)"), "");
    server.stop();
    server.start_again();
    assert_eq!(database.psql("INSERT INTO t VALUES (2)"), "");
    server.kill();
    server.start_again();

    assert_eq!(database.psql("SELECT n FROM t ORDER BY n"), "1\n2");
    assert_eq!(database.url(), url);
    assert_ne!(server.pid(), first);
    assert!(server.log().contains("ready to accept connections"));
}

#[test]
fn databases_are_apart_and_go_when_they_are_dropped() {
    let server = Server::shared();
    let (one, other) = (server.database(), server.database());
    assert_eq!(one.psql("CREATE TABLE t (n int)"), "");

    assert_eq!(other.psql("SELECT to_regclass('t')"), "");

    let name = one.name().to_owned();
    drop(one);
    let left = other.psql(&format!(
        "SELECT count(*) FROM pg_database WHERE datname = '{name}'"
    ));
    assert_eq!(left, "0");
}

#[test]
fn a_paused_server_is_silent_until_it_is_resumed() {
    let server = Server::start();
    let database = server.database();

    server.pause();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| database.psql("SELECT 1"));
        let state = std::fs::read_to_string(format!("/proc/{}/stat", server.pid())).unwrap();
        assert!(state.contains(") T "), "{state}");
        assert!(!asked.is_finished());
        server.resume();
        assert_eq!(asked.join().unwrap(), "1");
    });
}

#[test]
fn settings_and_certificates_are_taken() {
    let authority = Authority::new();
    let server = Server::builder()
        .setting("work_mem=5MB")
        .tls(&authority.certify(&["127.0.0.1"]))
        .start();
    let database = server.database();

    assert_eq!(database.psql("SHOW work_mem"), "5MB");
    assert_eq!(database.psql("SHOW ssl"), "on");
    // Whoever wants byte order has to say so.
    assert_eq!(database.psql("SELECT 'a' < 'Z'"), "t");
}

#[test]
fn it_can_live_in_a_folder_that_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), all).unwrap();

    let server = Server::builder().inside(folder.path()).start();

    assert!(server.folder().starts_with(folder.path()));
    assert!(server.folder().join("data/PG_VERSION").is_file());
    let inside = server.folder();
    drop(server);
    assert!(!inside.exists());
}
