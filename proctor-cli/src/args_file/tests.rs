use std::path::Path;

use proctor_api::{ArgMetadata, ArgType};

use super::{ArgsFile, parse, template};

fn read(text: &str) -> Result<ArgsFile, String> {
    parse(Path::new("args.yaml"), text).map_err(|error| error.to_string())
}

#[test]
fn values_keep_their_spelling() {
    let text = "A: 1.10\nB: no\nC: 0x1F\nD: 007\nE: 2026-01-02\nF: 'a: b'\nG: \"\"\nH: |\n  two\n  lines\nI: 1_000\nJ: .inf\nK: True\n";

    let file = read(text).unwrap();

    let values: Vec<&str> = file.values.values().map(String::as_str).collect();
    assert_eq!(
        values,
        [
            "1.10",
            "no",
            "0x1F",
            "007",
            "2026-01-02",
            "a: b",
            "",
            "two\nlines\n",
            "1_000",
            ".inf",
            "True"
        ]
    );
    assert!(file.left_out.is_empty());
}

#[test]
fn names_without_a_value_are_left_out() {
    let file = read("# whom\nWHOM:\nTIMES: 2\nOTHER: ~\n").unwrap();

    assert_eq!(file.values.len(), 1);
    assert_eq!(file.left_out, ["OTHER", "WHOM"]);
    assert_eq!(read("# nothing\n").unwrap(), ArgsFile::default());
}

#[test]
fn whatever_is_no_flat_map_is_a_mistake_with_its_line() {
    for (text, line) in [
        ("A: 1\nB: [1, 2]\n", "args.yaml:2: "),
        ("A: 1\nB:\n  C: 1\n", "args.yaml:"),
        ("A: 1\nA: 2\n", "args.yaml:2: "),
        ("A: 1\nB: {\n", "args.yaml:"),
        ("- A\n", "args.yaml:1: "),
        ("just words\n", "args.yaml:1: "),
        ("A: 1\n---\nB: 2\n", "args.yaml:"),
        ("A: 1\nB: \"open\n", "args.yaml:"),
    ] {
        let error = read(text).unwrap_err();
        assert!(error.starts_with(line), "{text:?}: {error}");
    }
}

#[test]
fn a_template_is_that_of_the_go_client_with_the_rules_of_new_args() {
    let plain = ArgMetadata {
        name: "SAMPLE_ARG_ONE".into(),
        description: "Argument name".into(),
        ..ArgMetadata::default()
    };
    let ruled = ArgMetadata {
        name: "TIMES".into(),
        description: "How often\nEVIL: yes\u{1b}".into(),
        required: Some(true),
        kind: Some(ArgType::Integer),
        default: Some("1".into()),
        ..ArgMetadata::default()
    };

    let text = template(&[plain, ruled]);

    assert_eq!(
        text,
        "# Argument name\nSAMPLE_ARG_ONE:\n# How often\n# EVIL: yes\\u{1b}\n# required; integer; default 1\nTIMES:\n"
    );
    assert_eq!(read(&text).unwrap().left_out, ["SAMPLE_ARG_ONE", "TIMES"]);
}

#[test]
fn a_name_that_yaml_would_misread_is_quoted() {
    for name in ["null", "a: b", "#x", "~", "123", "no", "two words"] {
        let arg = ArgMetadata {
            name: name.into(),
            ..ArgMetadata::default()
        };
        assert_eq!(read(&template(&[arg])).unwrap().left_out, [name]);
    }
}
