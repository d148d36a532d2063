use serde_json::Value;

use super::{NEEDED, user};

/// Every command, with what it answers as a name and where that stands in its JSON.
const COMMANDS: [(&[&str], &str, &str); 10] = [
    (&["create", "report", "-c", "@daily"], "77\n", "/id"),
    (&["list"], "77\n", "/0/id"),
    (&["describe", "77"], "77\n", "/id"),
    (&["update", "77", "DAY=1"], "77\n", "/id"),
    (&["pause", "77"], "77\n", "/id"),
    (&["resume", "77"], "77\n", "/id"),
    (&["run", "77", "--detach"], "42\n", "/id"),
    (
        &["next", "77"],
        "2026-03-28T01:30:00Z\n2026-03-29T01:00:00Z\n",
        "/0/at",
    ),
    (&["history", "77"], "43\n42\n", "/0/execution_id"),
    (&["remove", "77"], "77\n", "/id"),
];

#[tokio::test]
async fn every_answer_comes_as_text_as_json_and_as_a_name() {
    let (user, _stub) = user().await;

    for (words, names, place) in COMMANDS {
        let needed: &[&str] = if words[0] == "create" { &NEEDED } else { &[] };
        let run = async |format: &str| {
            let words = [&["schedule"], words, needed, &["-o", format]].concat();
            user.run(&words).await.expect_code(0)
        };

        let text = run("text").await;
        assert!(!text.stdout().is_empty(), "{words:?}");
        let name = run("name").await;
        assert_eq!(name.stdout(), names, "{words:?}");
        let json = run("json").await;
        let told: Value = serde_json::from_str(json.stdout()).unwrap();
        let found = told
            .pointer(place)
            .unwrap_or_else(|| panic!("{words:?}: {told}"));
        let found = found.as_str().map_or(found.to_string(), str::to_owned);
        assert_eq!(Some(&*found), names.lines().next(), "{words:?}");
        // Nothing is said beside an answer for programs.
        for quiet in [name, json] {
            assert_eq!(quiet.stderr, "", "{words:?}");
        }
    }
}

#[tokio::test]
async fn pause_and_resume_tell_how_the_schedule_stands() {
    let (user, stub) = user().await;
    let next = |next: &str| format!("{:<40} {next}\n", "Next");

    let paused = user.run(&["schedule", "pause", "77"]).await.expect_code(0);
    let resumed = user.run(&["schedule", "resume", "77"]).await.expect_code(0);

    assert!(
        paused.stdout().ends_with(&next("paused")),
        "{}",
        paused.stdout()
    );
    let at = next("2026-03-28T01:30:00Z");
    assert!(resumed.stdout().ends_with(&at), "{}", resumed.stdout());
    let targets: Vec<_> = stub
        .requests()
        .iter()
        .map(|one| one.target.clone())
        .collect();
    assert_eq!(targets, ["/schedule/77/pause", "/schedule/77/resume"]);
}
