use proctor_testkit::Proctord;
use serde_json::Value;

use crate::support::{detach, publish, status, wait_for_status};

#[test]
fn a_proc_goes_from_the_command_line_to_its_live_log_and_real_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();

    let list = proctord.proctor(&["list"]).succeed();
    let refused = proctord.proctor(&["execute", "say-hello", "WHO=you"]).run();
    let set = proctord
        .proctor(&["secret", "set", "say-hello", "SIGNING_KEY"])
        .input(b"s3cr3t-value\n")
        .run();
    let hello = proctord
        .proctor(&["execute", "say-hello", "WHO=you", "SHOUT=true", "TIMES=2"])
        .run();

    for name in ["count-down", "fail-on-purpose", "say-hello"] {
        assert!(list.contains(name), "{list}");
    }
    assert_eq!(refused.code, Some(125), "{refused:?}");
    assert!(
        refused.stderr.contains("secrets.SIGNING_KEY is not set"),
        "{refused:?}"
    );
    assert_eq!(set.code, Some(0), "{set:?}");
    assert_eq!(hello.code, Some(0), "{hello:?}");
    let text = hello.text();
    assert!(
        text.starts_with("HELLO, YOU!\nHELLO, YOU!\nSigned by execution "),
        "{text}"
    );
    assert!(
        !text.contains("s3cr3t") && !hello.stderr.contains("s3cr3t"),
        "{hello:?}"
    );
    assert!(!proctord.log().contains("s3cr3t"));
}

#[test]
fn the_procs_own_exit_code_or_signal_is_that_of_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();
    publish(
        &proctord,
        folder.path(),
        "killed",
        "echo before; kill -9 $$",
    );

    let failed = proctord
        .proctor(&[
            "execute",
            "fail-on-purpose",
            "EXIT_CODE=42",
            "MESSAGE=so it is",
        ])
        .run();
    let killed = proctord.proctor(&["execute", "killed"]).run();
    let history = proctord.proctor(&["history", "-o", "json"]).succeed();

    assert_eq!(
        (failed.code, failed.text().as_str()),
        (Some(42), "so it is\n"),
        "{failed:?}"
    );
    assert_eq!(
        (killed.code, killed.text().as_str()),
        (Some(128 + 9), "before\n"),
        "{killed:?}"
    );
    let history: Vec<Value> = serde_json::from_str(&history).unwrap();
    let seen: Vec<_> = history
        .iter()
        .map(|execution| {
            let field = |name: &str| execution[name].clone();
            (
                field("job_name"),
                field("status"),
                field("exit_code"),
                field("signal"),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("killed".into(), "FAILED".into(), Value::Null, 9.into()),
            (
                "fail-on-purpose".into(),
                "FAILED".into(),
                42.into(),
                Value::Null
            ),
        ]
    );
    for id in history
        .iter()
        .map(|execution| execution["id"].as_u64().unwrap())
    {
        let again = proctord.proctor(&["logs", &id.to_string()]).run();
        assert!([Some(42), Some(137)].contains(&again.code), "{again:?}");
    }
}

#[test]
fn a_stop_lets_the_proc_tidy_up_and_is_told_with_who_asked() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();
    let id = detach(&proctord, &["count-down", "SECONDS_LEFT=600"]);
    wait_for_status(&proctord, &id, "RUNNING");

    let stop = proctord.proctor(&["stop", &id]).run();
    let logs = proctord.proctor(&["logs", &id]).run();

    assert_eq!(stop.code, Some(0), "{stop:?}");
    let execution = status(&proctord, &id);
    assert_eq!(execution["status"], "STOPPED", "{execution}");
    assert_eq!(execution["stop_requested"]["by"], "tester@example.com");
    assert!(logs.text().contains("Stopped with 600 to go"), "{logs:?}");
    assert_eq!(logs.code, Some(143), "{logs:?}");
}

#[test]
fn a_proc_that_ignores_the_stop_is_killed_with_all_its_children() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();
    let body =
        "trap '' TERM; (trap '' TERM; exec sleep 987) & echo child $!; while :; do sleep 1; done";
    publish(&proctord, folder.path(), "stubborn", body);
    let id = detach(&proctord, &["stubborn"]);
    wait_for_status(&proctord, &id, "RUNNING");
    let child = proctor_testkit::wait_for("the child to tell its number", || {
        let followed = read_first_line(&proctord, &id);
        followed
            .strip_prefix("child ")
            .map(ToOwned::to_owned)
            .ok_or(followed)
    });

    let stop = proctord.proctor(&["stop", &id, "--grace", "0"]).run();

    assert_eq!(stop.code, Some(0), "{stop:?}");
    let execution = status(&proctord, &id);
    assert_eq!(
        (execution["status"].as_str(), execution["signal"].as_i64()),
        (Some("STOPPED"), Some(9))
    );
    let gone = !std::path::Path::new("/proc").join(&child).exists();
    assert!(gone, "process {child} outlived its execution");
}

fn read_first_line(proctord: &Proctord, id: &str) -> String {
    use std::io::{BufRead, BufReader};
    let mut child = proctord.proctor(&["logs", id]).spawn();
    let stdout = child.stdout.take().expect("its output is piped");
    let line = BufReader::new(stdout)
        .lines()
        .next()
        .and_then(Result::ok)
        .unwrap_or_default();
    child.kill().expect("it can be ended");
    child.wait().expect("it can be waited for");
    line
}

#[test]
fn the_environment_is_args_then_secrets_then_context_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data"))
        .env("CANARY_OF_PROCTORD", "leaked")
        .start();
    let body = "env | sort; test \"$BOTH\" = 'secret $(TOKEN) a$$b' && echo unchanged";
    publish(&proctord, folder.path(), "show-env", body);
    let secret = proctord
        .proctor(&["secret", "set", "show-env", "BOTH"])
        .input(b"secret $(TOKEN) a$$b")
        .run();
    assert_eq!(secret.code, Some(0), "{secret:?}");

    let ran = proctord
        .proctor(&["execute", "show-env", "PLAIN=a$$b $(HOME)", "EMPTY="])
        .run();

    let text = ran.text();
    let names: Vec<_> = text
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .collect();
    let expected = [
        "BOTH",
        "EMPTY",
        "EXECUTION_ID",
        "EXECUTION_NAME",
        "HOME",
        "IMAGE_TAG",
        "JOB_NAME",
        "PATH",
        "PLAIN",
        "PWD",
        "USER_EMAIL",
    ];
    assert_eq!(
        names
            .iter()
            .filter(|name| **name != "_")
            .copied()
            .collect::<Vec<_>>(),
        expected,
        "{text}"
    );
    assert!(text.contains("\nPLAIN=a$$b $(HOME)\n"), "{text}");
    // The proc has the value, its log does not.
    assert!(text.contains("BOTH=***\n"), "{text}");
    assert!(text.ends_with("\nunchanged\n"), "{text}");
    assert!(text.contains("\nUSER_EMAIL=tester@example.com\n"), "{text}");
    assert!(text.contains("EXECUTION_NAME=proctor-"), "{text}");
}

#[test]
fn a_deadline_ends_what_runs_longer() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();
    crate::support::publish_script(
        &proctord,
        folder.path(),
        &crate::support::Script {
            name: "too-long",
            body: "echo begun; sleep 600",
            fields: serde_json::json!({"deadline_seconds": 1}),
        },
    );

    let ran = proctord.proctor(&["execute", "too-long"]).run();

    assert_eq!(
        (ran.code, ran.text().as_str()),
        (Some(124), "begun\n"),
        "{ran:?}"
    );
}
