//! What may stand where a database is looked for, and rows that make no sense.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use proctord::catalog::sealing::SecretKeys;
use proctord::catalog::sqlite::SqliteCatalog;
use proctord::sqlite::OpenError;
use proctord::store::sqlite::SqliteStore;
use proctord::store::{Filter, Store, StoreError};
use tempfile::TempDir;

use super::{SqliteSubject, second_handle};
use crate::catalog::shelf::KEYS;
use crate::store::sample::{accept, new_execution};
use crate::store::subject::Subject;

async fn refused(folder: &Path) -> OpenError {
    match SqliteStore::open(folder).await {
        Ok(_) => panic!("the store opens"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_file_of_a_newer_proctord_is_refused_and_named() {
    for file in ["proctor.db", "logs.db"] {
        let subject = SqliteSubject::fresh().await;
        subject.store.close().await;
        let path = subject.folder.path().join(file);
        let newer =
            "INSERT INTO _sqlx_migrations VALUES (99, 'later', '2030-01-01', TRUE, x'00', 0)";
        sqlx::query(newer)
            .execute(&second_handle(&path).await)
            .await
            .unwrap();

        let error = refused(subject.folder.path()).await;

        assert!(
            matches!(error, OpenError::Newer { found: 99, .. }),
            "{error:?}"
        );
        let told = error.to_string();
        assert!(
            told.contains(file) && told.contains("newer proctord"),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_and_named() {
    for file in ["proctor.db", "logs.db"] {
        let folder = TempDir::new().unwrap();
        fs::write(
            folder.path().join(file),
            "hello, this is no database\n".repeat(100),
        )
        .unwrap();

        let error = refused(folder.path()).await;

        assert!(matches!(error, OpenError::NotDatabase { .. }), "{error:?}");
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_hold_files_is_told_in_the_systems_words() {
    let folder = TempDir::new().unwrap();
    let no_folder = folder.path().join("file");
    fs::write(&no_folder, "").unwrap();
    fs::create_dir(folder.path().join("catalog.db")).unwrap();

    let missing = refused(&folder.path().join("missing")).await;
    let file = refused(&no_folder).await;
    let keys = SecretKeys::parse(KEYS).unwrap();
    let catalog = SqliteCatalog::open(folder.path(), keys)
        .await
        .err()
        .unwrap();

    for error in [missing, file, catalog] {
        assert!(matches!(error, OpenError::File { .. }), "{error:?}");
        assert!(
            error.to_string().contains(folder.path().to_str().unwrap()),
            "{error}"
        );
    }
}

#[tokio::test]
async fn the_files_are_for_their_owner_alone() {
    let subject = SqliteSubject::fresh().await;
    accept(&subject.store, new_execution("say-hello")).await;

    for file in fs::read_dir(subject.folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.path());
    }
}

#[tokio::test]
async fn a_row_that_makes_no_sense_is_named_and_not_guessed() {
    let columns = [
        ("plan", "'{'"),
        ("status", "'GONE'"),
        ("name", "'../x'"),
        ("runner", "'nobody'"),
        ("created_at", "9223372036854775807"),
    ];
    for (column, value) in columns {
        let subject = SqliteSubject::fresh().await;
        let execution = accept(&subject.store, new_execution("say-hello")).await;
        let damage = sqlx::AssertSqlSafe(format!("UPDATE execution SET {column} = {value}"));
        sqlx::query(damage).execute(&subject.records).await.unwrap();

        let listed = subject
            .store
            .executions(&Filter::default(), None, 10.try_into().unwrap())
            .await;
        let read = subject.store.execution(execution.id).await;

        for error in [listed.err(), read.err()] {
            let Some(StoreError::Damaged { what, .. }) = error else {
                panic!("{error:?} does not say what is damaged")
            };
            assert_eq!(
                what,
                format!("column {column} of execution {}", execution.id)
            );
        }
    }
}
