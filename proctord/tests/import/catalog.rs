//! Procs and secrets, and that no value of a secret is found anywhere afterwards.

use std::fs;
use std::path::Path;

use proctor_testkit::Proctord;
use tempfile::TempDir;

use crate::v2::{Row, V2};

const CANARY: &str = "canary-7f3b9c";
const DOCUMENT: &str = r#"{"name":"deploy","description":"Deploys","image_name":"deploy:1",
    "env_vars":{"secrets":[{"name":"TOKEN","description":"t"}],"args":null},
    "authorized_groups":null,"author":"a","contributors":"c","organization":"o"}"#;

#[tokio::test]
async fn procs_and_secrets_come_over_and_what_is_here_stays() {
    let v2 = V2::new().await;
    v2.set("deploy-metadata", DOCUMENT);
    v2.set("deploy-secret", &format!(r#"{{"TOKEN":"{CANARY}"}}"#));
    let newer = DOCUMENT.replace("deploy", "say-hello");
    v2.set("say-hello-metadata", &newer);
    v2.set(
        "say-hello-secret",
        &format!(r#"{{"SIGNING_KEY":"{CANARY}"}}"#),
    );
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    // The samples are published, and one has its secret.
    let proctord = Proctord::at(&data).start();
    let set = ["secret", "set", "say-hello", "SIGNING_KEY"];
    let _ = proctord
        .proctor(&set)
        .input(b"mine, not version 2's")
        .succeed();
    assert!(proctord.stop().success());

    let imported = v2.import(&data, &[]);
    let again = v2.import(&data, &[]);

    assert_eq!(imported.code, Some(0), "{imported:?}");
    let line = |kind: &str, imported: u32, there: u32| {
        format!("{kind} {imported} imported, {there} there already, 0 with remarks, 0 skipped")
    };
    assert_eq!(imported.line("procs"), line("procs:     ", 1, 1));
    assert_eq!(imported.line("secrets"), line("secrets:   ", 1, 1));
    assert_eq!(again.line("procs"), line("procs:     ", 0, 2));
    assert_eq!(again.line("secrets"), line("secrets:   ", 0, 2));
    let proctord = Proctord::at(&data).start();
    let described = proctord.proctor(&["describe", "deploy"]).succeed();
    assert!(described.contains("Deploys"), "{described}");
    let sample = proctord.proctor(&["describe", "say-hello"]).succeed();
    assert!(!sample.contains("Deploys"), "{sample}");
    let secrets = proctord.proctor(&["secret", "list", "deploy"]).succeed();
    assert!(secrets.contains("TOKEN"), "{secrets}");
}

#[tokio::test]
async fn what_cannot_be_published_is_told_without_values() {
    let v2 = V2::new().await;
    v2.set("no json-metadata", "{");
    v2.set("has space-metadata", DOCUMENT);
    v2.set("other-metadata", DOCUMENT);
    let _ = v2.redis.cli(&["LPUSH", "a-list-metadata", "x"]);
    v2.set(
        "odd-secret",
        &format!(r#"{{"PATH":"{CANARY}","N":7,"Z":"{CANARY}\u0000"}}"#),
    );
    v2.set("broken-secret", &format!(r#"{{"A":{CANARY}}}"#));
    v2.set("has space-secret", &format!(r#"{{"A":"{CANARY}"}}"#));
    v2.set("none-secret", "null");
    v2.set("proctor:3:proc:ours-metadata", "not version 2's");
    v2.set("unrelated", "x");
    let folder = TempDir::new().unwrap();

    let imported = v2.import(&folder.path().join("data"), &[]);

    assert_eq!(imported.code, Some(1), "{imported:?}");
    assert!(
        imported.line("procs").ends_with("4 skipped"),
        "{imported:?}"
    );
    assert!(
        imported.line("secrets").ends_with("5 skipped"),
        "{imported:?}"
    );
    for told in [
        "proc no json: skipped: its name must begin",
        "proc other: skipped: its document names itself \"deploy\"",
        "proc a-list: skipped: its key holds no text",
        "secret \"PATH\" of proc odd: skipped: its name is reserved",
        "secret \"N\" of proc odd: skipped: its value is no text",
        "the secrets of proc broken: skipped: they are no JSON object",
    ] {
        assert!(
            imported.stderr.contains(told),
            "{told} in {}",
            imported.stderr
        );
    }
    assert!(!imported.stderr.contains("canary"), "{}", imported.stderr);
    assert!(!imported.stderr.contains("ours"), "{}", imported.stderr);
}

#[tokio::test]
async fn no_value_of_a_secret_is_found_afterwards() {
    let mut v2 = V2::new().await;
    v2.set("deploy-metadata", DOCUMENT);
    v2.set(
        "deploy-secret",
        &format!(r#"{{"TOKEN":"{CANARY}","PATH":"{CANARY}-2"}}"#),
    );
    let output = format!("TOKEN={CANARY}\nPATH={CANARY}-2\nend");
    let row = Row {
        job_name: Some("deploy".into()),
        ..Row::finished(7, output.as_bytes())
    };
    v2.insert(&row).await;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    let variables = [("PROCTOR_LOG_LEVEL", "trace")];

    let imported = v2.import_with(&data, &[], &variables);

    assert!(!imported.stdout.contains("canary"), "{imported:?}");
    assert!(!imported.stderr.contains("canary"), "{imported:?}");
    let proctord = Proctord::at(&data).start();
    let log = proctord.proctor(&["logs", "7"]).run();
    assert_eq!(log.text(), "TOKEN=***\nPATH=***\nend");
    assert!(proctord.stop().success());
    assert!(
        files_with(&data, "hello:1") > 0,
        "the search finds what is there"
    );
    assert_eq!(files_with(&data, CANARY), 0);
    let url = v2.database.url();
    let password = url.split([':', '@']).nth(2).unwrap();
    assert!(!imported.stderr.contains(password), "{imported:?}");
}

/// How many files below a folder have this text in them.
fn files_with(folder: &Path, text: &str) -> usize {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            if path.is_dir() {
                return files_with(&path, text);
            }
            let bytes = fs::read(&path).unwrap();
            let found = bytes
                .windows(text.len())
                .any(|piece| piece == text.as_bytes());
            usize::from(found)
        })
        .sum()
}
