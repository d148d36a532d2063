//! Executions of every kind, and how they read afterwards.

use std::path::Path;

use futures::StreamExt;
use proctor_testkit::Proctord;
use serde_json::Value;
use tempfile::TempDir;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;

use crate::v2::{GREATEST, Row, V2, gzip};

fn folder() -> (TempDir, std::path::PathBuf) {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    (folder, data)
}

fn status(proctord: &Proctord, id: i64) -> Value {
    let json = proctord.proctor(&["status", &id.to_string(), "-o", "json"]);
    serde_json::from_str(&json.succeed()).unwrap()
}

fn serve(data: &Path) -> Proctord {
    Proctord::at(data).start()
}

#[tokio::test]
async fn a_finished_execution_is_read_by_its_old_id_everywhere() {
    let mut v2 = V2::new().await;
    v2.insert(&Row::finished(GREATEST, b"one\ntw\xffo\nlast"))
        .await;
    let (_folder, data) = folder();

    let imported = v2.import(&data, &[]);

    assert_eq!(imported.code, Some(0), "{imported:?}");
    let expected = "executions: 1 imported, 0 there already, 0 with remarks, 0 skipped";
    assert_eq!(imported.line("executions"), expected);
    assert_eq!(imported.stderr, "");
    let proctord = serve(&data);
    let execution = status(&proctord, GREATEST);
    assert_eq!(execution["status"], "FINISHED");
    assert_eq!(execution["v2_id"], GREATEST.to_string());
    assert_eq!(execution["job_name"], "say-hello");
    assert_eq!(
        execution["name"],
        "proctor-8ad2dbf8-7c6c-4b41-a7e6-0b8f1b8b4d4c"
    );
    assert_eq!(execution["image_tag"], "hello:1");
    assert_eq!(execution["user_email"], "ann@example.com");
    assert_eq!(execution["args"]["WHO"], "world");
    assert_eq!(execution["created_at"], "2019-10-03T04:00:58.083798Z");
    assert_eq!(execution["updated_at"], "2019-10-03T04:01:07.5Z");
    let id = execution["id"].as_u64().unwrap();
    assert!(id < 1 << 53, "{id}");
    for id in [GREATEST.to_string(), id.to_string()] {
        let log = proctord.proctor(&["logs", &id]).run();
        assert_eq!(log.code, Some(0), "{log:?}");
        assert_eq!(log.stdout, b"one\ntw\xffo\nlast");
    }
    let history = proctord.proctor(&["history", "--status", "FINISHED", "-o", "name"]);
    assert_eq!(history.succeed().trim(), id.to_string());
    let (lines, reason) = replay(&proctord, GREATEST).await;
    assert_eq!(lines, ["one", "tw\u{fffd}o", "last"]);
    assert_eq!(reason, "Finished Streaming log from repository");
}

/// As version 2's client follows a log.
async fn replay(proctord: &Proctord, id: i64) -> (Vec<String>, String) {
    let url = format!("ws://{}/execution/logs?context_id={id}", proctord.address());
    let (mut socket, _) = connect_async(url).await.unwrap();
    let mut lines = Vec::new();
    while let Some(frame) = socket.next().await {
        match frame.unwrap() {
            Message::Text(line) => lines.push(line.to_string()),
            Message::Close(Some(close)) => return (lines, close.reason.to_string()),
            _ => {}
        }
    }
    panic!("no close frame after {lines:?}");
}

#[tokio::test]
async fn what_version_2_left_standing_is_over() {
    let mut v2 = V2::new().await;
    let standing = [
        (1, "CREATED", 125),
        (2, "POD_FAILED", 125),
        (3, "CREATION_FAILED", 126),
        (4, "REQUIREMENT_NOT_MET", 125),
        (5, "RECEIVED", 125),
        (6, "POD_CREATION_FAILED", 126),
    ];
    for (id, status, _) in standing {
        v2.insert(&Row::standing(i64::MAX - id, status)).await;
    }
    let (_folder, data) = folder();

    assert_eq!(v2.import(&data, &[]).code, Some(0));

    let proctord = serve(&data);
    for (id, expected, code) in standing {
        let id = i64::MAX - id;
        assert_eq!(status(&proctord, id)["status"], expected);
        let log = proctord.proctor(&["logs", &id.to_string()]).run();
        assert_eq!(log.code, Some(code), "{expected}: {log:?}");
        let stop = proctord.proctor(&["stop", &id.to_string()]).run();
        assert_eq!(stop.code, Some(0), "{expected}: {stop:?}");
        assert!(stop.stderr.contains("had ended before"), "{stop:?}");
    }
    let created = proctord.proctor(&["history", "--status", "CREATED", "-o", "json"]);
    let created: Value = serde_json::from_str(&created.succeed()).unwrap();
    assert_eq!(created.as_array().unwrap().len(), 1);
    assert_eq!(created[0]["v2_id"], (i64::MAX - 1).to_string());
    let unknown = proctord.proctor(&["status", "4611686018427387904"]).run();
    assert_eq!(unknown.code, Some(1), "{unknown:?}");
}

#[tokio::test]
async fn an_execution_of_version_2_can_be_run_again_if_it_is_known_whole() {
    let mut v2 = V2::new().await;
    v2.set(
        "say-hello-secret",
        r#"{"SIGNING_KEY":"a-key-of-version-2"}"#,
    );
    v2.insert(&Row::finished(7, b"")).await;
    let flawed = Row {
        args: Some("%".into()),
        name: None,
        ..Row::finished(8, b"")
    };
    v2.insert(&flawed).await;
    let (_folder, data) = folder();
    assert_eq!(v2.import(&data, &[]).code, Some(0));
    let proctord = serve(&data);

    let again = proctord.proctor(&["rerun", "7"]).run();
    let refused = proctord.proctor(&["rerun", "8"]).run();

    // The sample of that name says it.
    assert!(again.text().contains("world"), "{again:?}");
    assert!(
        refused.stderr.contains("its args are no base64"),
        "{refused:?}"
    );
    assert_ne!(refused.code, Some(0), "{refused:?}");
}

#[tokio::test]
async fn every_odd_row_comes_over_and_is_told() {
    let mut v2 = V2::new().await;
    let odd = [
        Row {
            args: Some("%".into()),
            ..Row::standing(1, "FINISHED")
        },
        Row {
            output: Some(b"no gzip".to_vec()),
            ..Row::standing(2, "FINISHED")
        },
        Row {
            output: Some(gzip(&[b'x'; 100_000])[..60].to_vec()),
            ..Row::standing(3, "FINISHED")
        },
        Row {
            job_name: Some("say hello".into()),
            ..Row::standing(4, "FINISHED")
        },
        Row {
            created_at: Some("infinity".into()),
            ..Row::standing(5, "FINISHED")
        },
        Row {
            status: Some("SUCCEEDED".into()),
            ..Row::standing(6, "")
        },
        Row {
            name: Some("job-7".into()),
            ..Row::standing(7, "FINISHED")
        },
        Row {
            job_name: None,
            status: None,
            created_at: None,
            ..Row::standing(8, "")
        },
    ];
    let plain = [
        Row {
            args: None,
            ..Row::standing(11, "FINISHED")
        },
        Row {
            args: Some("bnVsbA==".into()),
            ..Row::standing(12, "FINISHED")
        },
        Row {
            output: None,
            ..Row::standing(13, "FINISHED")
        },
        Row {
            output: Some(Vec::new()),
            ..Row::standing(14, "FINISHED")
        },
        Row {
            name: Some(String::new()),
            ..Row::standing(15, "FINISHED")
        },
    ];
    for row in odd.iter().chain(&plain) {
        v2.insert(row).await;
    }
    v2.insert(&Row::standing(-5, "FINISHED")).await;
    let (_folder, data) = folder();

    let imported = v2.import(&data, &[]);

    assert_eq!(imported.code, Some(1), "{imported:?}");
    let expected = "executions: 13 imported, 0 there already, 8 with remarks, 1 skipped";
    assert_eq!(imported.line("executions"), expected);
    assert!(
        imported
            .stderr
            .contains("execution -5: skipped: its id is below 0")
    );
    assert_eq!(imported.stderr.lines().count(), 9, "{}", imported.stderr);
    for row in &odd {
        let told = format!("execution {}: ", row.id);
        assert!(
            imported.stderr.contains(&told),
            "{told} in {}",
            imported.stderr
        );
    }
    let proctord = serve(&data);
    for row in odd.iter().chain(&plain) {
        assert_eq!(status(&proctord, row.id)["v2_id"], row.id.to_string());
    }
    let damaged = proctord.proctor(&["logs", "3"]).run();
    assert!(
        damaged.stderr.contains("damaged from here on"),
        "{damaged:?}"
    );
    assert!(damaged.stderr.contains("not complete"), "{damaged:?}");
    let renamed = status(&proctord, 4);
    assert_eq!(renamed["job_name"], "v2.say-hello");
    assert!(
        renamed["reason"].as_str().unwrap().contains("say hello"),
        "{renamed}"
    );
}

#[tokio::test]
async fn a_log_of_twenty_megabytes_comes_over_byte_by_byte() {
    let mut v2 = V2::new().await;
    let text: Vec<u8> = (0_u32..5_000_000).flat_map(u32::to_be_bytes).collect();
    v2.insert(&Row::finished(7, &text)).await;
    let (_folder, data) = folder();

    let imported = v2.import(&data, &[]);

    assert_eq!(imported.code, Some(0), "{imported:?}");
    let proctord = serve(&data);
    let log = proctord.proctor(&["logs", "7"]).run();
    assert_eq!(log.code, Some(0));
    assert!(log.stdout == text, "{} bytes", log.stdout.len());
}
