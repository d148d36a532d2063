use std::fs;

use proctor_testkit::Proctord;

use crate::support::{detach, publish, wait_for_end};

/// Runs a proc that writes the given file, and expects its bytes from `execute` and again from `logs`.
fn arrives_whole(name: &str, content: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();
    let source = folder.path().join("source");
    fs::write(&source, content).unwrap();
    publish(
        &proctord,
        folder.path(),
        name,
        &format!("exec cat {}", source.display()),
    );

    let executed = proctord.proctor(&["execute", name]).run();
    let id = proctord.proctor(&["history", "-o", "name"]).succeed();
    let again = proctord.proctor(&["logs", id.trim()]).run();

    assert_eq!(
        (executed.code, again.code),
        (Some(0), Some(0)),
        "{} / {}",
        executed.stderr,
        again.stderr
    );
    assert!(
        executed.stdout == content,
        "execute: {} bytes of {}",
        executed.stdout.len(),
        content.len()
    );
    assert!(
        again.stdout == content,
        "logs: {} bytes of {}",
        again.stdout.len(),
        content.len()
    );
}

#[test]
fn a_million_lines_arrive_byte_by_byte() {
    let lines: String = (0..1_000_000)
        .map(|number| format!("line {number}\n"))
        .collect();
    arrives_whole("many-lines", lines.as_bytes());
}

#[test]
fn one_line_of_ten_megabytes_arrives_byte_by_byte() {
    let line: Vec<u8> = (0..10_000_000_u32)
        .map(|n| b'a' + u8::try_from(n * 7 % 26).unwrap_or(0))
        .collect();
    arrives_whole("long-line", &line);
}

#[test]
fn twenty_megabytes_of_random_bytes_arrive_byte_by_byte() {
    // A fixed generator, so that a failure can be repeated.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let bytes: Vec<u8> = (0..20_000_000 / 8)
        .flat_map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        })
        .collect();
    arrives_whole("random-bytes", &bytes);
}

#[test]
fn several_followers_see_the_same_bytes_live_and_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();
    let gate = folder.path().join("gate");
    let body = format!(
        "i=0; while [ $i -lt 2000 ]; do echo \"line $i\"; i=$((i+1)); done; \
         while [ ! -e {} ]; do sleep 0.05; done; echo end",
        gate.display()
    );
    publish(&proctord, folder.path(), "gated", &body);
    let id = detach(&proctord, &["gated"]);

    let followers: Vec<_> = (0..5)
        .map(|_| proctord.proctor(&["logs", &id]).spawn())
        .collect();
    fs::write(&gate, "").unwrap();
    let mut expected: String = (0..2000).map(|number| format!("line {number}\n")).collect();
    expected.push_str("end\n");

    for follower in followers {
        let ran = proctor_testkit::Ran::of(follower);
        assert_eq!(
            (ran.code, ran.text() == expected),
            (Some(0), true),
            "{}",
            ran.stderr
        );
    }
    wait_for_end(&proctord, &id);
    let late = proctord.proctor(&["logs", &id]).run();
    assert!(late.text() == expected, "{}", late.stderr);
}
