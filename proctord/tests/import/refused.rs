//! Imports that cannot begin say why, and never with a password.

use std::process::Command;

use proctor_testkit::{Proctord, binary, postgres};
use tempfile::TempDir;

use crate::v2::{Imported, V2};

fn import(words: &[&str]) -> Imported {
    let mut command = Command::new(binary("proctord"));
    command.arg("import-v2").args(words);
    command.env_remove("PROCTOR_V2_DATABASE_URL");
    command.env_remove("PROCTOR_V2_REDIS_URL");
    Imported::of(command)
}

#[tokio::test]
async fn what_is_wrong_is_told_and_no_password_with_it() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data").display().to_string();
    let empty = postgres::Server::shared().database();
    let url = empty.url();
    for (flags, told) in [
        (vec![], "say where version 2 is"),
        (
            vec!["--database-url", "hunter2-at-nowhere"],
            "must be like postgres://",
        ),
        (
            vec!["--redis-url", "hunter2-at-nowhere"],
            "must be like redis://",
        ),
        (
            vec!["--database-url", "postgres://u:hunter2@127.0.0.1:1/d"],
            "version 2's database did not open a connection",
        ),
        (
            vec!["--redis-url", "redis://:hunter2@127.0.0.1:1/0"],
            "version 2's Redis did not open a connection",
        ),
        (
            vec!["--database-url", &url],
            "there is no table execution_context",
        ),
    ] {
        let mut words = vec!["--data-dir", &data];
        words.extend(flags);

        let refused = import(&words);

        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains(told), "{told} in {refused:?}");
        assert!(!refused.stderr.contains("hunter2"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_folder_that_is_in_use_is_left_alone() {
    let v2 = V2::new().await;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let _proctord = Proctord::at(&data).start();

    let refused = v2.import(&data, &[]);

    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains("is held by another proctord"),
        "{refused:?}"
    );
}
