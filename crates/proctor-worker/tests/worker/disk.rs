//! A disk that is full. Needs the right to mount a tmpfs; without it each test says that it was skipped.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use proctor_worker::{Cause, Found};
use tempfile::TempDir;

use crate::support::{
    Bench, all_output, attached, command, inspect, line_of, name, outcome, sh, wait_for, within,
};

struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// `None`, and a word about it, where mounting is not permitted.
    fn mount(test: &str, size: &str) -> Option<Self> {
        let disk = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        let mounted = disk.command(&[
            "mount",
            "-t",
            "tmpfs",
            "-o",
            &format!("size={size}"),
            "tmpfs",
        ]);
        if !mounted {
            // Past the test's captured output: a skip must be seen.
            let _ = writeln!(
                io::stderr(),
                "SKIPPED {test}: mounting a tmpfs is not permitted here"
            );
        }
        mounted.then_some(disk)
    }

    fn command(&self, words: &[&str]) -> bool {
        let ran = Command::new(words[0])
            .args(&words[1..])
            .arg(self.folder.path())
            .status();
        ran.is_ok_and(|status| status.success())
    }

    fn grow(&self, size: &str) {
        assert!(
            self.command(&["mount", "-o", &format!("remount,size={size}")]),
            "it grows"
        );
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("jobs")
    }

    async fn is_full(&self) {
        wait_for("the disk is full", || {
            let disk = rustix::fs::statvfs(self.folder.path()).expect("a file system");
            (disk.f_bavail == 0).then_some(())
        })
        .await;
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        self.command(&["umount", "-l"]);
    }
}

/// Fills what is left, so that not even a page is free.
fn fill(folder: &Path) {
    let mut file = fs::File::create(folder.join("filler")).expect("a file");
    while file.write_all(&[0; 4096]).is_ok() {}
}

#[tokio::test]
async fn a_full_disk_holds_the_command_back_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount("a_full_disk_holds_the_command_back", "4m") else {
        return;
    };
    let bench = Bench::at(disk.root(), "");
    let name = name("job");
    let mut spec = command(&["seq", "2000000"]);
    spec.retries = 1;
    let job = bench.start(&name, spec).await;
    disk.is_full().await;
    let worker = bench.restarted();
    attached(&worker, &name).await;

    disk.grow("64m");

    let outcome = outcome(&job).await;
    let expected: String = (1..=2_000_000)
        .map(|number| format!("{number}\n"))
        .collect();
    assert_eq!((outcome.exit_code, outcome.output_lost_bytes), (Some(0), 0));
    assert!(all_output(&worker, &name).await == expected.as_bytes());
}

#[tokio::test]
async fn stop_and_result_work_on_a_full_disk() {
    let Some(disk) = SmallDisk::mount("stop_and_result_work_on_a_full_disk", "4m") else {
        return;
    };
    let bench = Bench::at(disk.root(), "");
    let name = name("job");
    let job = bench
        .start(&name, sh("trap 'exit 3' TERM; seq 2000000"))
        .await;
    disk.is_full().await;
    fill(disk.folder.path());

    job.stop(Duration::ZERO).await.expect("it is stopped");

    let outcome = outcome(&job).await;
    assert_eq!(outcome.cause, Cause::Stopped);
    let kept = fs::metadata(bench.folder(&name).join("out.log"))
        .expect("the log")
        .len();
    assert_eq!(outcome.output_bytes, kept);
    // What the pipe and the buffer held when the command was stopped.
    assert!(outcome.output_lost_bytes > 0);
}

#[tokio::test]
async fn a_job_that_cannot_be_prepared_says_so_and_can_be_later() {
    let Some(disk) = SmallDisk::mount("a_job_that_cannot_be_prepared_says_so", "1m") else {
        return;
    };
    let bench = Bench::at(disk.root(), "");
    let name = name("job");
    fill(disk.folder.path());

    let error = within(
        "the refusal",
        bench.worker.prepare(&name, sh("echo hi > it")),
    )
    .await;
    let error = error.expect_err("there is no space");
    assert!(error.to_string().contains("No space left"), "{error}");
    assert!(matches!(
        inspect(&bench.worker, &name).await,
        Found::NotStarted
    ));

    fs::remove_file(disk.folder.path().join("filler")).expect("space");
    let job = bench.start(&name, sh("echo hi > it")).await;
    assert_eq!(outcome(&job).await.exit_code, Some(0));
    assert_eq!(line_of(&bench.folder(&name).join("work/it")).await, "hi");
}
