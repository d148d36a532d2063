//! Schedules: what comes over, what comes paused, what cannot come, and that nothing fires for what was due before.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use proctor_testkit::Proctord;
use serde_json::Value;
use tempfile::TempDir;

use crate::v2::{Imported, REST, V2};

const STRICT: &str = "name: strict
description: Needs a day
command: [\"true\"]
env_vars:
  args:
    - {name: DAY, description: The day, required: true}
";

/// A row with this arg, which tells it from others of its proc.
fn row(id: i64, proc_name: &str, arg: &str, cron: &str, enabled: bool) -> String {
    let args = STANDARD.encode(format!(r#"{{"WHO":"{arg}"}}"#));
    format!("{id}, '{proc_name}', '{args}', '{cron}', {enabled}, {REST}")
}

/// The samples and a proc that needs an arg are published.
fn published(folder: &Path, data: &Path) {
    let document = folder.join("strict.yaml");
    std::fs::write(&document, STRICT).unwrap();
    let proctord = Proctord::at(data).start();
    let path = document.to_str().unwrap();
    let _ = proctord.proctor(&["publish", path]).succeed();
    assert!(proctord.stop().success());
}

fn import(v2: &V2, data: &Path) -> Imported {
    v2.import_with(data, &[], &[("PROCTOR_TIME_ZONE", "Europe/Berlin")])
}

fn shown(proctord: &Proctord, id: i64) -> Value {
    let id = id.to_string();
    let json = proctord.proctor(&["schedule", "describe", &id, "-o", "json"]);
    serde_json::from_str(&json.succeed()).unwrap()
}

#[tokio::test]
async fn schedules_come_over_once_and_fire_from_then_on() {
    let v2 = V2::new().await;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    published(folder.path(), &data);
    let big = 255_512_331_231_000_001;
    v2.schedule(&row(big, "say-hello", "daily", "0 30 9 * * mon-fri", true));
    // The day of the week was left out.
    v2.schedule(&row(2, "say-hello", "four", "0 0 8,20 * *", true));
    v2.schedule(&row(3, "say-hello", "off", "0 * * * * *", false));
    v2.schedule(&row(4, "say-hello", "each minute", "0 * * * * *", true));

    let before = Timestamp::now();
    let imported = import(&v2, &data);
    let proctord = Proctord::at(&data).start();
    let daily = shown(&proctord, big);
    let four = shown(&proctord, 2);
    let off = shown(&proctord, 3);
    let minutely = shown(&proctord, 4);
    let new_id = daily["id"].to_string();
    let _ = proctord
        .proctor(&["schedule", "remove", &big.to_string()])
        .succeed();
    assert!(proctord.stop().success());
    let again = import(&v2, &data);

    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert_eq!(imported.stderr, "");
    assert_eq!(
        imported.line("schedules"),
        "schedules:  4 imported, 0 there already, 0 with remarks, 0 skipped"
    );
    assert_eq!(
        again.line("schedules"),
        "schedules:  0 imported, 4 there already, 0 with remarks, 0 skipped"
    );
    assert!(new_id.parse::<u64>().unwrap() < 1 << 53, "{new_id}");
    for (field, value) in [
        ("jobName", "say-hello"),
        ("cron", "0 30 9 * * mon-fri"),
        ("userEmail", "ann@example.com"),
        ("notificationEmails", "ann@example.com,bob@example.com"),
        ("group", "ops"),
        ("tags", "nightly"),
        ("time_zone", "Europe/Berlin"),
        ("createdAt", "2019-10-03T04:00:58Z"),
    ] {
        assert_eq!(daily[field], value, "{daily}");
    }
    assert_eq!(daily["args"]["WHO"], "daily");
    assert_eq!(four["cron"], "0 0 8,20 * * *");
    assert_eq!(
        (&off["paused"], &off["next_at"]),
        (&true.into(), &Value::Null)
    );
    // Since 2019 millions of its moments have passed.
    let next: Timestamp = minutely["next_at"].as_str().unwrap().parse().unwrap();
    assert!(next > before, "{minutely}");
    let proctord = Proctord::at(&data).start();
    let history = proctord.proctor(&["schedule", "history", "4", "-o", "json"]);
    let history: Vec<Value> = serde_json::from_str(&history.succeed()).unwrap();
    for firing in &history {
        let moment = firing["moment"].as_str().or(firing["from"].as_str());
        let moment: Timestamp = moment.unwrap().parse().unwrap();
        assert!(moment > before, "{history:?}");
    }
}

#[tokio::test]
async fn what_could_run_otherwise_comes_paused_and_what_cannot_be_is_told_by_its_name() {
    let v2 = V2::new().await;
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    published(folder.path(), &data);
    v2.schedule(&row(1, "say-hello", "same", "0 0 9 * * *", true));
    v2.schedule(&row(2, "say-hello", "same", "0 0 12 * * *", true));
    v2.schedule(&row(3, "strict", "nobody", "0 0 9 * * *", true));
    v2.schedule(&row(4, "elsewhere", "x", "0 0 9 * * *", true));
    v2.schedule(&row(5, "say-hello", "wrong", "0 61 * * * *", true));
    v2.schedule(&row(6, "say-hello", "bare", "0 9 * * *", true));
    v2.schedule(&row(7, "say-hello", "seconds", "30 0 9 * * *", true));
    v2.schedule(&row(8, "say hello", "x", "0 0 9 * * *", true));
    v2.schedule(&format!("9, 'say-hello', '%', '0 0 9 * * *', true, {REST}"));
    v2.schedule("10, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL");

    let dry = v2.import(&data, &["--dry-run"]);
    let imported = import(&v2, &data);

    assert_eq!(imported.code, Some(1), "{imported:?}");
    let line = "schedules:  5 imported, 0 there already, 3 with remarks, 5 skipped";
    assert_eq!(imported.line("schedules"), line);
    assert_eq!(dry.line("schedules"), line);
    for told in [
        "schedule 2 of proc say-hello: paused: another schedule runs the same proc with the same args",
        "schedule 3 of proc strict: paused: its args do not fit its proc: ",
        "schedule 4 of proc elsewhere: its proc is not published here",
        "schedule 5 of proc say-hello: skipped: cron is wrong: ",
        "schedule 7 of proc say-hello: skipped: its cron expression \"30 0 9 * * *\" is none that version 2 stores",
        "schedule 8 of proc say hello: skipped: the name of its proc ",
        "schedule 9 of proc say-hello: skipped: its args are no base64",
        "schedule 10 of proc : skipped: ",
    ] {
        assert!(imported.stderr.contains(told), "{told} in {imported:?}");
    }
    assert_eq!(imported.stderr.lines().count(), 8, "{imported:?}");
    let proctord = Proctord::at(&data).start();
    for (id, paused) in [(1, false), (2, true), (3, true), (4, false), (6, false)] {
        let schedule = shown(&proctord, id);
        assert_eq!(schedule["paused"], paused, "{schedule}");
    }
    let unknown = proctord.proctor(&["schedule", "describe", "5"]).run();
    assert_ne!(unknown.code, Some(0), "{unknown:?}");
}
