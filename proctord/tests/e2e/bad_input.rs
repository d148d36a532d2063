//! Bad input gets a clear error that names what was wrong, with an exit code that is not zero.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use proctor_testkit::Proctord;
use serde_json::{Value, json};

use crate::support::{Script, publish, publish_script};

fn folder_and_service() -> (tempfile::TempDir, Proctord) {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();
    (folder, proctord)
}

#[test]
fn an_unknown_proc_is_named() {
    let (_folder, proctord) = folder_and_service();

    for words in [["execute", "nosuch"], ["describe", "nosuch"]] {
        let ran = proctord.proctor(&words).run();
        assert!(ran.code.is_some_and(|code| code != 0), "{ran:?}");
        assert!(
            ran.stderr.contains("Proctor doesn't support Proc `nosuch`"),
            "{ran:?}"
        );
    }
    for words in [["status", "4711"], ["logs", "4711"], ["stop", "4711"]] {
        let ran = proctord.proctor(&words).run();
        assert!(ran.code.is_some_and(|code| code != 0), "{ran:?}");
        assert!(ran.stderr.contains("4711"), "{ran:?}");
    }
}

#[test]
fn all_mistakes_in_the_args_are_told_at_once_and_the_try_is_kept() {
    let (folder, proctord) = folder_and_service();
    let fields = json!({"env_vars": {
        "secrets": [{"name": "KEY"}, {"name": "OTHER_KEY"}],
        "args": [
            {"name": "WHO", "required": true},
            {"name": "COUNT", "type": "integer"},
            {"name": "SIZE", "type": "choice", "choices": ["s", "m"]}
        ]
    }});
    publish_script(
        &proctord,
        folder.path(),
        &Script {
            name: "strict",
            body: "echo ran",
            fields,
        },
    );

    let without = proctord
        .proctor(&["execute", "strict", "COUNT=many", "SIZE=xl"])
        .run();
    let words = [
        "execute",
        "strict",
        "WHO=",
        "COUNT=many",
        "SIZE=xl",
        "WHAT=1",
    ];
    let ran = proctord.proctor(&words).run();
    let history = proctord.proctor(&["history", "-o", "json"]).succeed();

    assert_eq!(without.code, Some(2), "{without:?}");
    for mistake in ["WHO ", "must be a whole number", "must be one of s, m"] {
        assert!(
            without.stderr.contains(mistake),
            "{mistake} is not in {}",
            without.stderr
        );
    }
    assert_eq!(ran.code, Some(125), "{ran:?}");
    for mistake in [
        "args.COUNT must be a whole number",
        "args.SIZE must be one of s, m",
        "args.WHAT is not an arg of this proc, which takes WHO, COUNT, SIZE",
        "secrets.KEY is not set",
        "secrets.OTHER_KEY is not set",
    ] {
        assert!(
            ran.stderr.contains(mistake),
            "{mistake} is not in {}",
            ran.stderr
        );
    }
    let history: Vec<Value> = serde_json::from_str(&history).unwrap();
    assert_eq!(history[0]["status"], "REQUIREMENT_NOT_MET");
    let reason = history[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("args.COUNT must be") && reason.contains("secrets.KEY is not set"),
        "{reason}"
    );
}

#[test]
fn a_command_that_cannot_be_started_says_why() {
    let (folder, proctord) = folder_and_service();
    let place = folder.path().join("broken");
    fs::create_dir(&place).unwrap();
    fs::write(
        place.join("metadata.json"),
        r#"{"name": "broken", "command": ["./run.sh"]}"#,
    )
    .unwrap();
    let path = place.display().to_string();

    let missing = proctord.proctor(&["publish", &path]).run();
    fs::write(place.join("run.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(place.join("run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
    let not_executable = proctord.proctor(&["publish", &path]).run();
    let file = folder.path().join("program.json");
    fs::write(
        &file,
        r#"{"name": "program", "command": ["/nonexistent/program"]}"#,
    )
    .unwrap();
    let _ = proctord
        .proctor(&["publish", &file.display().to_string()])
        .succeed();
    let ran = proctord.proctor(&["execute", "program"]).run();

    for publish in [missing, not_executable] {
        assert_eq!(publish.code, Some(1), "{publish:?}");
        assert!(publish.stderr.contains("run.sh"), "{publish:?}");
    }
    assert_eq!(ran.code, Some(126), "{ran:?}");
    assert!(
        ran.stderr
            .contains("cannot start: /nonexistent/program: No such file"),
        "{ran:?}"
    );
}

#[test]
fn a_script_whose_interpreter_is_missing_cannot_be_started() {
    let (folder, proctord) = folder_and_service();
    let place = folder.path().join("no-interpreter");
    fs::create_dir(&place).unwrap();
    fs::write(
        place.join("metadata.json"),
        r#"{"name": "no-interpreter", "command": ["./run"]}"#,
    )
    .unwrap();
    fs::write(place.join("run"), "#!/nonexistent/interpreter\n").unwrap();
    fs::set_permissions(place.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    let _ = proctord
        .proctor(&["publish", &place.display().to_string()])
        .succeed();

    let ran = proctord.proctor(&["execute", "no-interpreter"]).run();

    assert_eq!(ran.code, Some(126), "{ran:?}");
    assert!(ran.stderr.contains("cannot start: ./run: "), "{ran:?}");
    assert!(ran.stderr.contains("interpreter"), "{ran:?}");
}

#[test]
fn a_document_with_mistakes_names_each_with_its_place() {
    let (folder, proctord) = folder_and_service();
    let file = folder.path().join("proc.yaml");
    fs::write(
        &file,
        "name: -bad\nretries: many\nenv_vars:\n  args:\n    - name: PATH\n      type: int\n",
    )
    .unwrap();

    let ran = proctord
        .proctor(&["publish", &file.display().to_string()])
        .run();

    assert_eq!(ran.code, Some(1), "{ran:?}");
    for mistake in [
        "name must begin with",
        "retries must be",
        "env_vars.args[0].name is reserved",
        "env_vars.args[0].type must be",
    ] {
        assert!(
            ran.stderr.contains(mistake),
            "{mistake} is not in {}",
            ran.stderr
        );
    }
    assert!(ran.stderr.contains("proc.yaml"), "{ran:?}");
}

#[test]
fn undeclared_args_pass_to_a_go_style_proc_but_not_those_that_steer_the_loader() {
    let (folder, proctord) = folder_and_service();
    publish(&proctord, folder.path(), "loose", "echo \"got $ANY\"");

    let passed = proctord.proctor(&["execute", "loose", "ANY=thing"]).run();
    let refused = proctord
        .proctor(&["execute", "loose", "LD_PRELOAD=/tmp/x.so", "PATH=/tmp"])
        .run();

    assert_eq!(passed.text(), "got thing\n", "{passed:?}");
    assert_eq!(refused.code, Some(125), "{refused:?}");
    assert!(
        refused.stderr.contains("args.LD_PRELOAD") && refused.stderr.contains("args.PATH"),
        "{refused:?}"
    );
}
