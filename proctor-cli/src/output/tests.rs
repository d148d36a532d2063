use std::collections::BTreeMap;

use jiff::Timestamp;
use proctor_api::{
    ArgMetadata, ArgType, EnvVars, Execution, LimitOf, Metadata, Queue, QueueLimit, Status,
    Transition,
};

use super::{Output, json::Json, name::Name, text::Text};

const TEXT: Text = Text { width: None };

fn metadata() -> Metadata {
    Metadata {
        name: "say-hello".into(),
        description: "says\n\x1b[31mhello".into(),
        authorized_groups: vec!["ops".into(), "dev".into()],
        env_vars: EnvVars {
            args: vec![ArgMetadata {
                name: "WHOM".into(),
                description: "whom to greet".into(),
                required: Some(true),
                kind: Some(ArgType::String),
                ..ArgMetadata::default()
            }],
            ..EnvVars::default()
        },
        ..Metadata::default()
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn execution() -> Execution {
    let transition = |status, second| Transition {
        status,
        at: at(second),
        reason: None,
    };
    Execution {
        id: 42,
        job_name: "say-hello".into(),
        name: "proctor-1".into(),
        image_tag: String::new(),
        created_at: at(0),
        updated_at: at(90),
        status: Status::Failed,
        user_email: "a@b".into(),
        args: BTreeMap::from([("WHOM".into(), "world".into())]),
        runner: None,
        exit_code: Some(3),
        signal: None,
        reason: None,
        waiting: None,
        started_at: Some(at(1)),
        finished_at: Some(at(90)),
        stop_requested: None,
        late_outcome: None,
        callback_url: None,
        v2_id: None,
        queue: None,
        transitions: vec![
            transition(Status::Created, 0),
            transition(Status::Running, 1),
            transition(Status::Failed, 90),
        ],
    }
}

#[test]
fn text_shows_what_others_wrote_without_obeying_it() {
    let text = TEXT.procs(&[metadata()]);

    assert_eq!(
        text,
        format!("{:<40} says\\n\\u{{1b}}[31mhello\n", "say-hello")
    );
}

#[test]
fn a_description_tells_what_an_arg_must_be() {
    let text = TEXT.proc(&metadata());

    assert!(text.contains("[ops, dev]\n"), "{text}");
    assert!(
        text.contains("whom to greet [required; string]\n"),
        "{text}"
    );
    assert!(!text.contains("Image"), "{text}");
}

#[test]
fn status_tells_where_the_time_went() {
    let text = TEXT.execution(&execution());

    for part in ["Exit Code", "Status", "RUNNING", "1m29s", "1.0 s", "world"] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(text.lines().all(|line| line.trim_end() == line), "{text:?}");
}

#[test]
fn status_tells_the_place_in_the_queue() {
    let place = |position, limit| {
        let mut execution = execution();
        execution.queue = Some(Queue {
            position,
            length: 23,
            limit,
        });
        TEXT.execution(&execution)
    };
    let limit = |of| {
        Some(QueueLimit {
            of,
            max_concurrent: 2,
        })
    };

    let text = place(3, limit(LimitOf::Proc));
    assert!(
        text.contains("3rd of 23 for say-hello (max_concurrent 2)\n"),
        "{text}"
    );
    let text = place(12, limit(LimitOf::Installation));
    assert!(
        text.contains("12th of 23 of all procs (PROCTOR_MAX_CONCURRENT 2)\n"),
        "{text}"
    );
    let text = place(21, None);
    assert!(text.contains("21st of 23, its turn has come\n"), "{text}");
}

#[test]
fn json_reads_back_and_holds_no_character_that_a_terminal_obeys() {
    let mut procs = [metadata()];
    procs[0].description.push('\u{9b}');

    let json = Json.procs(&procs);

    assert_eq!(serde_json::from_str::<Vec<Metadata>>(&json).unwrap(), procs);
    assert!(!json.contains(['\x1b', '\u{9b}']), "{json:?}");
    let status = Json.execution(&execution());
    assert_eq!(
        serde_json::from_str::<Execution>(&status).unwrap(),
        execution()
    );
}

#[test]
fn names_stand_alone_on_their_lines() {
    assert_eq!(
        Name.procs(&[metadata(), metadata()]),
        "say-hello\nsay-hello\n"
    );
    assert_eq!(Name.executions(&[execution()]), "42\n");
    assert_eq!(Name.receipt(&execution()), "42\n");
}
