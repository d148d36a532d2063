//! What a plugin does not get: the service's settings, its descriptors, its terminal, its log without end; and that
//! its process never outlives the service.

use std::fs::File;
use std::process::{Command, Output, Stdio};

use proctor_testkit::wait_for;
use rustix::io::{FdFlags, fcntl_setfd};

use crate::library::{Library, failure, hosts_of, program};

/// Makes the plugin of a library, in a service of its own.
fn making(library: &Library) -> Command {
    let mut command = Command::new(program());
    command
        .args(["plugins", "check", "--create"])
        .arg(&library.file);
    command
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_plugin_gets_its_own_settings_and_none_of_the_service() {
    let library = Library::in_c(&["TELL_ENVIRONMENT"]);

    let output = making(&library)
        .env("PROCTOR_SECRET_KEYS", "1:a")
        .env("PROCTOR_DATABASE_URL", "postgres://proctor:secret@host/db")
        .env("PROCTOR_AUTH_PLUGIN_BINARY", "/lib.so")
        .env("AWS_SECRET_ACCESS_KEY", "b")
        .env("LD_PRELOAD", "")
        .env("HOSTILE_PLUGIN_SETTING", "c")
        .output()
        .unwrap();

    let told = told(&output);
    assert!(told.contains("HOSTILE_PLUGIN_SETTING"), "{told}");
    assert!(told.contains("PATH"), "{told}");
    for name in ["PROCTOR_", "AWS_", "LD_PRELOAD"] {
        assert!(!told.contains(name), "{name}: {told}");
    }
}

#[tokio::test]
async fn a_plugin_gets_no_descriptor_of_the_service() {
    let library = Library::in_c(&[]);
    let open = File::open(env!("CARGO_MANIFEST_DIR")).unwrap();
    // As the service itself may have inherited one.
    fcntl_setfd(&open, FdFlags::empty()).unwrap();
    let plugin = library.start().await;

    let told = failure(&plugin, "descriptors").await.to_string();

    assert!(told.contains("/dev/null"), "{told}");
    assert!(!told.contains(env!("CARGO_MANIFEST_DIR")), "{told}");
    // The socket, for reading, writing and the leash, and the pipe to the log.
    assert_eq!(told.matches("socket:").count(), 3, "{told}");
    assert_eq!(told.matches("pipe:").count(), 2, "{told}");
}

#[test]
fn what_it_writes_goes_to_the_log_with_its_name() {
    let library = Library::in_c(&["PRINT_IN_CREATE"]);

    let output = making(&library).output().unwrap();

    assert!(output.status.success(), "{output:?}");
    let stdout = String::from_utf8_lossy(&output.stdout);
    assert!(!stdout.contains("said on"), "{stdout}");
    let told = told(&output);
    for words in ["said on standard output", "said on standard error"] {
        let line = told.lines().find(|line| line.contains(words));
        let line = line.unwrap_or_else(|| panic!("{told}"));
        assert!(line.contains("libhostile.so"), "{line}");
    }
}

#[test]
fn what_it_writes_does_not_fill_the_log() {
    let library = Library::in_c(&["FLOOD_IN_CREATE"]);

    let output = making(&library).output().unwrap();

    assert!(output.status.success(), "{output:?}");
    let lines = told(&output).lines().count();
    assert!((100..200).contains(&lines), "{lines}");
}

#[test]
fn its_process_ends_when_the_service_is_killed() {
    for definition in ["HANG_IN_TABLE", "HANG_IN_CREATE"] {
        let library = Library::in_c(&[definition]);
        let mut service = making(&library).stderr(Stdio::null()).spawn().unwrap();
        wait_for("a process that hangs", || {
            match &hosts_of(&library.file)[..] {
                [_] => Ok(()),
                hosts => Err(hosts.to_vec()),
            }
        });

        service.kill().unwrap();
        service.wait().unwrap();

        wait_for("it to end", || match &hosts_of(&library.file)[..] {
            [] => Ok(()),
            hosts => Err(hosts.to_vec()),
        });
    }
}
