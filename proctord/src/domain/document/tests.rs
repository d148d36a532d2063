use serde_json::json;

use super::{parse, parse_all};

fn mistakes(document: &serde_json::Value) -> Vec<String> {
    parse(document)
        .unwrap_err()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[test]
fn the_go_systems_own_document_is_read_unchanged() {
    let document = json!({
        "name": "say-hello-world", "description": "Says hello", "image_name": "proctor/say-hello-world:latest",
        "env_vars": {
            "secrets": [{"name": "SAMPLE_SECRET_ONE", "description": "a secret"}],
            "args": [{"name": "SAMPLE_ARG_ONE", "description": "an arg"}]
        },
        "authorized_groups": null, "author": "a", "contributors": "b", "organization": "c"
    });

    let metadata = parse(&document).unwrap();

    assert_eq!(metadata.name, "say-hello-world");
    assert_eq!(metadata.env_vars.args[0].name, "SAMPLE_ARG_ONE");
    assert!(metadata.authorized_groups.is_empty());
    assert_eq!(metadata.env_vars.args[0].required, None);
}

#[test]
fn all_mistakes_of_form_and_rule_are_told_with_their_places() {
    let document = json!({
        "name": "-x", "image_nam": "typo", "retries": 1000, "deadline_seconds": "soon",
        "authorized_groups": "ops", "resources": {"cpu": "lots"},
        "env_vars": {
            "secrets": [{"name": "A"}],
            "args": [
                {"name": "A", "type": "int"},
                {"name": "B", "type": "choice"},
                {"name": "C", "pattern": "("},
                {"name": "D", "type": "integer", "default": "x"},
                {"name": "PATH", "default": 3},
                7
            ]
        }
    });

    let found = mistakes(&document);

    for expected in [
        "deadline_seconds must be a whole number from 0 to 4294967295, not the text \"soon\"",
        "authorized_groups must be a list of texts, not the text \"ops\"",
        "env_vars.args[0].type must be one of string, integer, number, boolean, choice, not the text \"int\"",
        "env_vars.args[5] must be an object, not the number 7",
        "name must begin with a letter or digit and hold only letters, digits, `.`, `_` and `-`",
        "names neither an image_name nor a command, so nothing can run",
        "retries must be from 0 to 100",
        "resources.cpu must be a quantity such as 500m, 2 or 0.5",
        "env_vars.args[0].name repeats the name A",
        "env_vars.args[1].choices is missing: a choice needs its values",
        "env_vars.args[3].default must be a whole number",
        "env_vars.args[4].name is reserved by Proctor or would change how programs are loaded",
    ] {
        assert!(
            found.iter().any(|text| text == expected),
            "{expected} is not in {found:#?}"
        );
    }
    assert!(
        found
            .iter()
            .any(|text| text.starts_with("image_nam is no field here"))
    );
    assert!(
        found
            .iter()
            .any(|text| text.starts_with("env_vars.args[2].pattern is no regular expression"))
    );
}

#[test]
fn defaults_and_choices_may_be_written_as_numbers() {
    let document = json!({
        "name": "x", "command": ["./x"],
        "env_vars": {"args": [
            {"name": "N", "type": "integer", "default": 3},
            {"name": "C", "type": "choice", "choices": [1, 2], "default": 2}
        ]}
    });

    let metadata = parse(&document).unwrap();

    assert_eq!(metadata.env_vars.args[0].default.as_deref(), Some("3"));
    assert_eq!(
        metadata.env_vars.args[1].choices,
        Some(vec!["1".to_owned(), "2".to_owned()])
    );
}

#[test]
fn a_list_names_the_document_of_each_mistake() {
    let good = json!({"name": "x", "command": ["./x"]});

    let found = parse_all(&[good.clone(), json!([]), good]).unwrap_err();

    let texts: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(texts[0], "[1] must be an object, not a list");
    assert!(
        texts.contains(&"[2].name repeats the name x of another document".to_owned()),
        "{texts:#?}"
    );
}

#[test]
fn a_document_that_is_too_large_is_refused() {
    let sized =
        |bytes: usize| json!({"name": "x", "command": ["./x"], "description": "d".repeat(bytes)});

    assert!(parse(&sized(200 * 1024)).is_ok());
    assert_eq!(
        mistakes(&sized(256 * 1024)),
        ["has more than 262144 bytes, written as JSON"]
    );
}
