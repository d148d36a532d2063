//! `proctor` as a process under test: its words, its standard input, what it wrote and how it ended.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::binary;

/// A call of `proctor` that is being put together.
#[derive(Debug)]
pub struct CommandLine {
    command: Command,
    input: Vec<u8>,
}

/// A call of `proctor` that has ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: Vec<u8>,
    pub stderr: String,
}

impl CommandLine {
    pub(crate) fn new(host: &str, config_dir: &Path, words: &[&str]) -> Self {
        let mut command = Command::new(binary("proctor"));
        command
            .args(words)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", config_dir)
            .env("LOCAL_CONFIG_DIR", config_dir)
            .env("PROCTOR_HOST", host)
            .env("EMAIL_ID", "tester@example.com");
        Self {
            command,
            input: Vec::new(),
        }
    }

    /// What it reads from standard input.
    #[must_use]
    pub fn input(mut self, bytes: &[u8]) -> Self {
        self.input = bytes.to_vec();
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts it and returns at once, its output going where the caller reads it.
    ///
    /// # Panics
    /// It cannot be started.
    #[must_use]
    pub fn spawn(mut self) -> Child {
        self.command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        self.command.spawn().expect("proctor can be started")
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// It cannot be started or waited for.
    #[must_use]
    pub fn run(mut self) -> Ran {
        self.command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = self.command.spawn().expect("proctor can be started");
        let mut stdin = child.stdin.take().expect("its input is piped");
        // It may end without reading what it was given.
        let _ = stdin.write_all(&self.input);
        drop(stdin);
        Ran::of(child)
    }

    /// Runs it, and expects it to succeed.
    ///
    /// # Panics
    /// It does not; the text says what it told.
    #[must_use]
    pub fn succeed(self) -> String {
        let ran = self.run();
        assert_eq!(ran.code, Some(0), "{ran:?}");
        String::from_utf8(ran.stdout).expect("it wrote text")
    }
}

impl Ran {
    /// Waits for a call that was spawned.
    ///
    /// # Panics
    /// It cannot be waited for.
    #[must_use]
    pub fn of(child: Child) -> Self {
        let output = child.wait_with_output().expect("proctor can be waited for");
        Self {
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Its standard output as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}
