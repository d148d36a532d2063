//! How a command's end is told, and what surroundings it gets.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use proctor_worker::{Cause, Outcome, Spec};

use crate::support::{Bench, PATH, command, name, outcome, sh};

async fn ends_with(spec: Spec) -> (Option<i32>, Option<i32>) {
    let (outcome, _) = Bench::new().run(spec).await;
    assert_eq!(outcome.cause, Cause::Exited);
    assert_eq!(outcome.attempts, 1);
    (outcome.exit_code, outcome.signal)
}

#[tokio::test]
async fn the_exit_code_is_the_commands_own() {
    assert_eq!(ends_with(command(&["/bin/true"])).await, (Some(0), None));
    assert_eq!(ends_with(sh("exit 7")).await, (Some(7), None));
    assert_eq!(ends_with(sh("exit 255")).await, (Some(255), None));
}

#[tokio::test]
async fn a_signal_is_no_exit_code() {
    assert_eq!(ends_with(sh("kill -SEGV $$")).await, (None, Some(11)));
    assert_eq!(ends_with(sh("kill -KILL $$")).await, (None, Some(9)));
    assert_eq!(ends_with(sh("kill -TERM $$")).await, (None, Some(15)));
}

#[tokio::test]
async fn the_times_are_those_of_the_command() {
    let (outcome, _) = Bench::new().run(sh("sleep 0.3")).await;

    let took = outcome.finished_at_ms - outcome.started_at_ms;
    assert!((300..10_000).contains(&took), "{took} ms");
}

/// Runs a command that cannot start, in a work folder with a few bad files.
async fn refusal(argv: &[&str]) -> String {
    let bench = Bench::new();
    let work = bench
        .worker
        .make_folder(&name("job"))
        .await
        .expect("a folder");
    let file = |name: &str, text: &str, mode: u32| {
        fs::write(work.join(name), text).expect("a file");
        fs::set_permissions(work.join(name), fs::Permissions::from_mode(mode)).expect("its mode");
    };
    file("lost.sh", "#!/no/such/shell\n", 0o755);
    file("plain.sh", "echo hello\n", 0o755);
    file("closed.sh", "#!/bin/sh\n", 0o644);
    fs::create_dir(work.join("folder")).expect("a folder");
    let (outcome, output) = bench.run(command(argv)).await;
    assert_eq!(output, b"");
    let Outcome {
        cause: Cause::CannotStart,
        exit_code: None,
        signal: None,
        message: Some(message),
        ..
    } = outcome
    else {
        panic!("it cannot start, but: {outcome:?}");
    };
    message
}

#[tokio::test]
async fn a_command_that_cannot_start_says_why() {
    assert_eq!(
        refusal(&["./missing.sh"]).await,
        "./missing.sh: No such file or directory"
    );
    assert_eq!(
        refusal(&["no-such-program"]).await,
        "no-such-program: not found in PATH"
    );
    assert_eq!(
        refusal(&["./lost.sh"]).await,
        "./lost.sh: No such file or directory (or its interpreter): its first line says /no/such/shell"
    );
    assert_eq!(
        refusal(&["./plain.sh"]).await,
        "./plain.sh: Exec format error: it has no `#!` line and is no program for this machine"
    );
    assert_eq!(
        refusal(&["./closed.sh"]).await,
        "./closed.sh: Permission denied: it is not executable"
    );
    assert_eq!(
        refusal(&["./folder"]).await,
        "./folder: Permission denied: it is a directory"
    );
}

#[tokio::test]
async fn too_many_arguments_cannot_start() {
    let big = "x".repeat(3 << 20);

    let message = refusal(&["/bin/echo", &big]).await;

    assert_eq!(
        message,
        format!(
            "/bin/echo: Argument list too long: arguments and environment are {} bytes",
            "/bin/echo".len() + 1 + big.len() + 1 + "PATH=".len() + PATH.len() + 1
        )
    );
}

#[tokio::test]
async fn a_script_that_is_still_open_for_writing_is_waited_for() {
    let bench = Bench::new();
    let name = name("job");
    let work = bench.worker.make_folder(&name).await.expect("a folder");
    let script = work.join("script");
    fs::write(&script, "#!/bin/sh\nexit 12\n").expect("a script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("its mode");
    let writer = fs::File::options()
        .append(true)
        .open(&script)
        .expect("it is there");

    let job = bench.start(&name, command(&["./script"])).await;
    drop(writer);

    assert_eq!(outcome(&job).await.exit_code, Some(12));
}

#[tokio::test]
async fn a_missing_folder_cannot_be_entered() {
    let mut spec = sh("pwd");
    spec.cwd = Some("no/such".into());

    let (outcome, _) = Bench::new().run(spec).await;

    let message = outcome.message.expect("a message");
    assert!(
        message.ends_with("work/no/such: No such file or directory"),
        "{message}"
    );
}

#[tokio::test]
async fn the_environment_is_exactly_what_was_given() {
    let mut spec = command(&["/usr/bin/env", "-0"]);
    spec.env = vec![
        ("SECRET".into(), "a$$b\n=ü".into()),
        ("EMPTY".into(), String::new()),
    ];

    let (_, output) = Bench::new().run(spec).await;

    assert_eq!(output, "SECRET=a$$b\n=ü\0EMPTY=\0".as_bytes());
}

#[tokio::test]
async fn the_path_of_the_given_environment_finds_the_program() {
    let bench = Bench::new();
    let work = bench
        .worker
        .make_folder(&name("job"))
        .await
        .expect("a folder");
    fs::create_dir(work.join("bin")).expect("a folder");
    fs::write(work.join("bin/hello"), "#!/bin/sh\necho \"hello $1\"\n").expect("a script");
    fs::set_permissions(work.join("bin/hello"), fs::Permissions::from_mode(0o755)).expect("mode");
    let mut spec = command(&["hello", "you"]);
    spec.env = vec![("PATH".into(), "/no/such:bin".into())];

    let (outcome, output) = bench.run(spec).await;

    assert_eq!(
        (outcome.exit_code, output.as_slice()),
        (Some(0), b"hello you\n".as_slice())
    );
}

#[tokio::test]
async fn nothing_of_the_worker_reaches_the_command() {
    let bench = Bench::new();
    let work = bench.worker.work_dir(&name("job"));

    let (_, output) = bench
        .run(sh("pwd; umask; wc -c <&0; ls /proc/self/fd; grep -E '^Sig(Blk|Ign)' /proc/self/status; ps -o sid= -p $$"))
        .await;

    let text = String::from_utf8(output).expect("text");
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    assert_eq!(lines[0], work.to_str().expect("text"));
    // 3 is the open folder of `ls` itself.
    assert_eq!(lines[1..7], ["0022", "0", "0", "1", "2", "3"], "{text}");
    assert_eq!(lines[7], "SigBlk:\t0000000000000000");
    assert_eq!(lines[8], "SigIgn:\t0000000000000000");
}

#[tokio::test]
async fn secrets_are_in_no_file_and_no_command_line() {
    let bench = Bench::new();
    let name = name("job");
    let mut spec = sh("echo ready > ready; exec sleep 1000");
    spec.env.push(("TOKEN".into(), "hunter2-hunter2".into()));
    let job = bench.start(&name, spec).await;
    let folder = bench.folder(&name);
    crate::support::line_of(&folder.join("work/ready")).await;

    let shim = crate::support::shim_pid(&folder);
    for file in [
        format!("/proc/{shim}/cmdline"),
        format!("/proc/{shim}/environ"),
    ] {
        let text = fs::read(&file).expect("it is readable");
        assert!(
            !String::from_utf8_lossy(&text).contains("hunter2"),
            "{file}"
        );
    }
    for entry in fs::read_dir(&folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let text = fs::read(&path).expect("it is readable");
            assert!(
                !String::from_utf8_lossy(&text).contains("hunter2"),
                "{}",
                path.display()
            );
        }
    }
    job.stop(std::time::Duration::ZERO)
        .await
        .expect("it is stopped");
    crate::support::end(&job).await;
}
