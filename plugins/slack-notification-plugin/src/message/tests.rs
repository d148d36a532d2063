use proctor_plugin::{Event, EventKind, Recipient};
use serde_json::{Value, json};

use super::Message;

fn event(kind: &str, content: &[(&str, &str)]) -> Event {
    let content = content.iter();
    Event {
        id: "7".to_owned(),
        kind: kind.to_owned(),
        event: EventKind::Created,
        user: Recipient {
            email: "ada@example.org".to_owned(),
        },
        content: content
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

fn written(event: &Event) -> Value {
    serde_json::to_value(Message::of(event).unwrap()).unwrap()
}

const OF_VERSION_2: [(&str, &str); 5] = [
    ("Status", "CREATED"),
    ("ExecutionID", "17"),
    ("JobName", "backup"),
    ("ImageTag", "backup:1"),
    ("Args", r#"{"a":"<!channel>"}"#),
];

fn first_block() -> Value {
    json!({
        "type": "section",
        "text": {"type": "plain_text", "text": "ada@example.org execute job with details:"},
        "fields": [
            {"type": "mrkdwn", "text": "*Args*"},
            {"type": "plain_text", "text": r#"{"a":"<!channel>"}"#},
            {"type": "mrkdwn", "text": "*ExecutionID*"},
            {"type": "plain_text", "text": "17"},
            {"type": "mrkdwn", "text": "*ImageTag*"},
            {"type": "plain_text", "text": "backup:1"},
            {"type": "mrkdwn", "text": "*JobName*"},
            {"type": "plain_text", "text": "backup"},
            {"type": "mrkdwn", "text": "*Status*"},
            {"type": "plain_text", "text": "CREATED"},
        ],
    })
}

#[test]
fn an_execution_is_the_block_of_version_2() {
    let written = written(&event("EXECUTION_EVENT", &OF_VERSION_2));

    assert_eq!(written, json!({"blocks": [first_block()]}));
}

#[test]
fn what_version_2_did_not_tell_comes_in_blocks_behind_it() {
    let more = ["A", "B", "C", "D", "E", "F"].map(|name| (name, ""));
    let content: Vec<_> = OF_VERSION_2.into_iter().chain(more).collect();

    let written = written(&event("EXECUTION_EVENT", &content));

    let blocks = written["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 3);
    assert_eq!(blocks[0], first_block());
    assert_eq!(blocks[1]["fields"].as_array().unwrap().len(), 10);
    assert_eq!(
        blocks[2],
        json!({"type": "section", "fields": [
            {"type": "mrkdwn", "text": "*F*"}, {"type": "plain_text", "text": "-"},
        ]})
    );
}

#[test]
fn nothing_is_longer_than_slack_takes() {
    let long = "ö".repeat(5000);
    let many: Vec<_> = (0..400).map(|number| format!("Name{number}")).collect();
    let content: Vec<_> = many.iter().map(|name| (name.as_str(), &*long)).collect();

    let blocks = written(&event("EXECUTION_EVENT", &content));
    let text = written(&event("SCHEDULE_EVENT", &content));

    let blocks = blocks["blocks"].as_array().unwrap();
    assert_eq!(blocks.len(), 50);
    for field in blocks
        .iter()
        .flat_map(|block| block["fields"].as_array())
        .flatten()
    {
        assert!(field["text"].as_str().unwrap().chars().count() <= 2000);
    }
    let value = blocks[1]["fields"][1]["text"].as_str().unwrap();
    assert!(value.ends_with("ö…"));
    assert_eq!(text["text"].as_str().unwrap().chars().count(), 3000);
}

#[test]
fn other_events_are_the_line_of_version_2_which_calls_nobody() {
    let content = [("ScheduleID", "3"), ("Note", "<!channel> & \"you\"")];
    let written = written(&event("SCHEDULE_EVENT", &content));

    let detail = r#"{"Note":"\u003c!channel\u003e \u0026 \"you\"","ScheduleID":"3"}"#;
    assert_eq!(
        written,
        json!({"text": format!("User: ada@example.org\nEmit event<SCHEDULE_EVENT> with detail: {detail}")})
    );
}
