//! Starts `proctor` with an environment of its own and waits for its end.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::stub::Stub;

/// The binary.
pub const PROCTOR: &str = env!("CARGO_BIN_EXE_proctor");
/// Everything hangs together here or not at all.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A user with a config folder and an environment.
pub struct User {
    pub folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl User {
    /// Somebody who has configured nothing.
    pub fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        }
    }

    /// Somebody whose environment names the stub.
    pub fn of(stub: &Stub) -> Self {
        Self::new().with("PROCTOR_HOST", &stub.address.to_string())
    }

    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Writes a file into the user's folder.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.program(Path::new(PROCTOR));
        command.args(args);
        command
    }

    /// Any program in the user's environment.
    pub fn program(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("HOME", self.folder.path())
            .env("LOCAL_CONFIG_DIR", self.folder.path().join("config"))
            .envs(self.environment.iter().cloned())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub async fn run(&self, args: &[&str]) -> Ended {
        self.run_with_stdin(args, b"").await
    }

    pub async fn run_with_stdin(&self, args: &[&str], stdin: &[u8]) -> Ended {
        let mut child = self.command(args).spawn().unwrap();
        let mut pipe = child.stdin.take().unwrap();
        // A command that reads no stdin may be gone already.
        let _ = pipe.write_all(stdin).await;
        drop(pipe);
        ended(child).await
    }
}

/// Waits for the end of a child.
pub async fn ended(child: tokio::process::Child) -> Ended {
    let Output {
        status,
        stdout,
        stderr,
    } = tokio::time::timeout(DEADLINE, child.wait_with_output())
        .await
        .expect("proctor ends in time")
        .unwrap();
    let stderr = String::from_utf8(stderr).unwrap();
    assert!(!stderr.contains("panicked"), "{stderr}");
    Ended {
        code: status.code(),
        stdout,
        stderr,
    }
}

impl Ended {
    pub fn stdout(&self) -> &str {
        str::from_utf8(&self.stdout).unwrap()
    }

    /// Asserts the code, showing what was said if it is another.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        self
    }

    /// Asserts that stderr has the text.
    #[track_caller]
    pub fn expect_said(self, text: &str) -> Self {
        assert!(
            self.stderr.contains(text),
            "{text:?} is not in:\n{}",
            self.stderr
        );
        self
    }
}
