//! One shell in which the README's commands run one block after the other.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use proctor_testkit::{binary, wait_for};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::fences::Fence;

/// What stands between the outputs of two blocks.
const MARK: &str = "== the next block ==";

/// A command in the newcomer's home, with the binaries in its path and nothing of this process's environment.
pub fn command(home: &Path, program: &str) -> Command {
    let proctor = binary("proctor");
    let binaries = proctor.parent().expect("a binary lies in a folder");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", binaries.display());
    let mut command = Command::new(program);
    command
        .current_dir(home)
        .env_clear()
        .env("HOME", home)
        .env("PATH", path)
        .stdin(Stdio::null());
    command
}

/// Runs the blocks and returns what each of them told on both outputs.
pub fn run(home: &Path, blocks: &[Fence]) -> Vec<String> {
    let mut script = "set -eu\n".to_owned();
    for block in blocks {
        script.push_str(&format!("echo '{MARK}'\n{}\n", block.text));
    }
    let told = home.join("told");
    let output = File::create(&told).expect("a file can be made");
    let errors = output.try_clone().expect("a file can be shared");
    let mut shell = Group(
        command(home, "sh")
            .args(["-c", &script])
            .stdout(output)
            .stderr(errors)
            .process_group(0)
            .spawn()
            .expect("there is a shell"),
    );
    let read = || fs::read_to_string(&told).expect("the shell writes text");
    let status = wait_for("the README's commands to end", || {
        let status = shell.0.try_wait().expect("it can be waited for");
        status.ok_or_else(read)
    });
    let told = read();
    let outputs: Vec<String> = told.split(MARK).skip(1).map(ToOwned::to_owned).collect();
    let reached = outputs
        .len()
        .checked_sub(1)
        .and_then(|last| blocks.get(last));
    assert!(
        status.success(),
        "README.md:{}: the commands ended with {status}:\n{told}",
        reached.map_or(0, |block| block.line)
    );
    outputs
}

/// A shell and what it started; dropped, none of them goes on.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        let group = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw);
        // In a group that has ended there is nobody to kill.
        let _ = group.map(|group| kill_process_group(group, Signal::KILL));
        let _ = self.0.wait();
    }
}
