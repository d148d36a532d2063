//! What keeps proctord from starting, told clearly; and that it stops in order.

use std::fs;
use std::net::TcpListener;

use proctor_testkit::Proctord;

use crate::support::{detach, publish, wait_for_end, wait_for_status};

#[test]
fn a_port_in_use_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();

    let (status, log) = Proctord::at(&folder.path().join("data"))
        .env("PROCTOR_APP_PORT", &port)
        .start_and_fail();

    assert_eq!(status.code(), Some(1));
    assert!(
        log.contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{log}"
    );
    assert!(log.contains("PROCTOR_APP_PORT"), "{log}");
}

#[test]
fn a_data_folder_that_another_proctord_holds_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let first = Proctord::at(&data).start();

    let (status, log) = Proctord::at(&data).start_and_fail();

    assert_eq!(status.code(), Some(1));
    assert!(
        log.contains(&format!(
            "is held by another proctord, process {}",
            first.pid()
        )),
        "{log}"
    );
    assert!(first.proctor(&["list"]).succeed().contains("say-hello"));
}

#[test]
fn every_mistake_of_the_configuration_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let builder = Proctord::at(&folder.path().join("data"));
    let builder = builder
        .env("PROCTOR_APP_PORT", "port")
        .env("PROCTOR_LAUNCH_WAIT", "soon");

    let (status, log) = builder.start_and_fail();

    assert_eq!(status.code(), Some(1));
    assert!(
        log.contains("PROCTOR_APP_PORT must be") && log.contains("PROCTOR_LAUNCH_WAIT must be"),
        "{log}"
    );
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(Proctord::at(&data).start().stop().success());
    let database = data.join("proctor.db");
    raise_schema_version(&database);
    let before = fs::read(&database).unwrap();

    let (status, log) = Proctord::at(&data).start_and_fail();

    assert_eq!(status.code(), Some(1));
    assert!(log.contains("proctor.db") && log.contains("newer"), "{log}");
    let after = fs::read(&database).unwrap();
    let differing: Vec<_> = (0..before.len().max(after.len()))
        .filter(|at| before.get(*at) != after.get(*at))
        // SQLite's own counters of changes, which move when a file is opened for writing.
        .filter(|at| !(24..28).contains(at) && !(92..96).contains(at))
        .take(20)
        .collect();
    assert_eq!(
        differing,
        Vec::<usize>::new(),
        "the database was changed at these bytes"
    );
}

/// Adds the mark of a migration that this version does not know.
fn raise_schema_version(database: &std::path::Path) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        use sqlx::Connection;
        let url = format!("sqlite://{}", database.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'from the future', 1, x'00', 1)",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::write(
        data.join("proctor.db"),
        "this is no database at all".repeat(100),
    )
    .unwrap();

    let (status, log) = Proctord::at(&data).start_and_fail();

    assert_eq!(status.code(), Some(1));
    assert!(log.contains("proctor.db"), "{log}");
}

#[test]
fn a_stop_of_the_service_leaves_executions_running_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let gate = folder.path().join("gate");
    let proctord = Proctord::at(&data).start();
    let body = format!(
        "echo one; while [ ! -e {} ]; do sleep 0.05; done; echo two",
        gate.display()
    );
    publish(&proctord, folder.path(), "patient", &body);
    let id = detach(&proctord, &["patient"]);
    wait_for_status(&proctord, &id, "RUNNING");

    assert!(proctord.stop().success());
    let restarted = Proctord::at(&data).start();
    fs::write(&gate, "").unwrap();

    assert_eq!(wait_for_end(&restarted, &id)["status"], "SUCCEEDED");
    assert_eq!(restarted.proctor(&["logs", &id]).succeed(), "one\ntwo\n");
}

#[test]
fn the_folder_of_an_old_execution_is_discarded_and_its_log_stays() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let gate = folder.path().join("gate");
    let proctord = Proctord::at(&data).start();
    publish(&proctord, folder.path(), "short", "echo kept");
    let body = format!("while [ ! -e {} ]; do sleep 0.05; done", gate.display());
    publish(&proctord, folder.path(), "long", &body);
    let short = detach(&proctord, &["short"]);
    let long = detach(&proctord, &["long"]);
    wait_for_end(&proctord, &short);
    assert_eq!(proctord.proctor(&["logs", &short]).succeed(), "kept\n");
    assert!(proctord.stop().success());

    let cleaned = Proctord::at(&data)
        .env("PROCTOR_LOCAL_JOB_KEEP", "0s")
        .start();
    let left = || fs::read_dir(data.join("executions")).unwrap().count();
    proctor_testkit::wait_for("one folder to be left", || {
        if left() == 1 { Ok(()) } else { Err(left()) }
    });
    fs::write(&gate, "").unwrap();

    assert_eq!(cleaned.proctor(&["logs", &short]).succeed(), "kept\n");
    assert_eq!(wait_for_end(&cleaned, &long)["status"], "SUCCEEDED");
}

#[test]
fn a_catalog_without_its_key_is_not_opened_with_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    assert!(Proctord::at(&data).start().stop().success());
    fs::remove_file(data.join("secret.key")).unwrap();

    let (status, log) = Proctord::at(&data).start_and_fail();

    assert_eq!(status.code(), Some(1));
    assert!(log.contains("secret.key is missing"), "{log}");
    assert!(!data.join("secret.key").exists());
}
