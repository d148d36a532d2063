use std::collections::BTreeMap;

use proctor_api::{ArgMetadata, ArgType, EnvVars, Metadata};

use super::{COUNT_LIMIT, resolve};

fn arg(name: &str) -> ArgMetadata {
    ArgMetadata {
        name: name.into(),
        ..ArgMetadata::default()
    }
}

fn proc_with(args: Vec<ArgMetadata>) -> Metadata {
    Metadata {
        env_vars: EnvVars {
            args,
            secrets: vec![],
        },
        ..Metadata::default()
    }
}

fn given(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn mistakes(metadata: &Metadata, pairs: &[(&str, &str)]) -> Vec<String> {
    let found = resolve(metadata, &given(pairs)).unwrap_err();
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn a_go_style_proc_takes_undeclared_args_with_harmless_names() {
    let metadata = proc_with(vec![arg("ONE")]);

    let args = resolve(&metadata, &given(&[("OTHER", "x")])).unwrap();

    assert_eq!(args.len(), 1);
    assert_eq!(
        mistakes(&metadata, &[("LD_PRELOAD", "x"), ("A-B", "x")]),
        [
            "args.A-B is no name for an arg: it must begin with a letter or `_` and hold only letters, digits and `_`",
            "args.LD_PRELOAD is no name for an arg: it is reserved by Proctor or would change how programs are loaded",
        ]
    );
}

#[test]
fn every_mistake_is_told_at_once() {
    let metadata = proc_with(vec![
        ArgMetadata {
            required: Some(true),
            ..arg("WHO")
        },
        ArgMetadata {
            kind: Some(ArgType::Integer),
            ..arg("COUNT")
        },
        ArgMetadata {
            kind: Some(ArgType::Number),
            ..arg("RATE")
        },
        ArgMetadata {
            kind: Some(ArgType::Boolean),
            ..arg("DRY")
        },
        ArgMetadata {
            kind: Some(ArgType::Choice),
            choices: Some(vec!["a".into(), "b".into()]),
            ..arg("PICK")
        },
        ArgMetadata {
            pattern: Some("[a-z]+".into()),
            ..arg("WORD")
        },
    ]);

    let found = mistakes(
        &metadata,
        &[
            ("COUNT", "3.5"),
            ("RATE", "inf"),
            ("DRY", "yes"),
            ("PICK", "c"),
            ("WORD", "ok\nNO"),
            ("X", "1"),
            ("NUL\0", "1"),
        ],
    );

    assert_eq!(found.len(), 8, "{found:#?}");
    assert!(found.contains(&"args.WHO is required".to_owned()));
    assert!(found.contains(&"args.PICK must be one of a, b".to_owned()));
    assert!(found.contains(&"args.WORD must match the pattern [a-z]+".to_owned()));
}

#[test]
fn defaults_stand_in_for_what_is_not_given() {
    let metadata = proc_with(vec![
        ArgMetadata {
            default: Some("world".into()),
            ..arg("WHO")
        },
        ArgMetadata {
            default: Some("7".into()),
            ..arg("COUNT")
        },
    ]);

    let args = resolve(&metadata, &given(&[("COUNT", "9")])).unwrap();

    let shown: Vec<_> = args
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    assert_eq!(shown, ["COUNT=9", "WHO=world"]);
}

#[test]
fn a_secret_cannot_be_overridden_by_an_arg() {
    let mut metadata = proc_with(vec![]);
    metadata.env_vars.secrets = vec![proctor_api::SecretMetadata {
        name: "TOKEN".into(),
        description: String::new(),
    }];

    let found = mistakes(&metadata, &[("TOKEN", "x")]);

    assert_eq!(
        found,
        ["args.TOKEN is a secret of this proc and cannot be given as an arg"]
    );
}

#[test]
fn ten_thousand_args_and_nul_bytes_are_refused() {
    let many = (0..10_000)
        .map(|n| (format!("A{n}"), String::new()))
        .collect();

    let found = resolve(&proc_with(vec![]), &many).unwrap_err();

    assert_eq!(
        found[0].to_string(),
        format!("args has 10000 entries, at most {COUNT_LIMIT} are taken")
    );
    assert_eq!(
        mistakes(&proc_with(vec![]), &[("A", "x\0y")]),
        ["args.A must not contain a NUL byte"]
    );
}
