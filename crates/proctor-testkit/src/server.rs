//! A private server as a process of ours: `scripts/server.sh` runs it and takes orders through a pipe. When the
//! pipe ends, for whatever reason, the script removes the server and its folder. What is peculiar to Postgres or
//! Redis is not here.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::certificates::Certificate;

/// How a server is to be started.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) settings: Vec<String>,
    pub(crate) place: Option<PathBuf>,
    pub(crate) certificate: Option<Certificate>,
    pub(crate) password: Option<String>,
}

/// A server that runs, or is stopped for a while; dropped, it goes with its folder.
#[derive(Debug)]
pub struct ServerProcess {
    kind: &'static str,
    pipes: Mutex<Pipes>,
    script: Child,
    port: u16,
    folder: PathBuf,
}

/// What the script is told and what it tells.
#[derive(Debug)]
struct Pipes {
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    pid: u32,
}

impl ServerProcess {
    /// Starts one and waits until it serves.
    ///
    /// # Panics
    /// It does not; the script says why on standard error.
    pub(crate) fn start(kind: &'static str, options: &Options) -> Self {
        let mut script = command(kind, options)
            .spawn()
            .expect("scripts/server.sh can be started");
        let mut pipes = Pipes {
            orders: script.stdin.take(),
            answers: BufReader::new(script.stdout.take().expect("its output is piped")),
            pid: 0,
        };
        let ready = pipes.answer(kind);
        let (port, folder) = pipes.ready(&ready);
        Self {
            kind,
            pipes: Mutex::new(pipes),
            script,
            port,
            folder,
        }
    }

    /// Ends it in good order; what it holds stays.
    pub fn stop(&self) {
        self.order("stop");
    }

    /// Kills all its processes where they stand; what it has answered stays.
    pub fn kill(&self) {
        self.order("kill");
    }

    /// Starts it again where it was, with what it held.
    pub fn start_again(&self) {
        self.order("start");
    }

    /// Freezes all its processes; connections stay open and silent.
    pub fn pause(&self) {
        self.order("pause");
    }

    /// Ends the pause.
    pub fn resume(&self) {
        self.order("resume");
    }

    /// Gives an order and waits until it is carried out.
    fn order(&self, word: &str) {
        let mut pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        let orders = pipes.orders.as_mut().expect("the pipe is open");
        writeln!(orders, "{word}").expect("the script takes orders");
        let answer = pipes.answer(self.kind);
        if word == "start" {
            let (port, _) = pipes.ready(&answer);
            assert_eq!(port, self.port, "it is where it was");
        }
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The first of its processes.
    #[must_use]
    pub fn pid(&self) -> u32 {
        let pipes = self.pipes.lock().unwrap_or_else(PoisonError::into_inner);
        pipes.pid
    }

    /// Where it keeps everything: `data`, `log`, and what it is configured with.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.folder.clone()
    }

    /// What the server has logged so far, its earlier lives included.
    ///
    /// # Panics
    /// It has no log.
    #[must_use]
    pub fn log(&self) -> String {
        let bytes = fs::read(self.folder.join("log")).expect("the server has a log");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        let pipes = self.pipes.get_mut().unwrap_or_else(PoisonError::into_inner);
        pipes.orders = None;
        // A test is over by now, whatever becomes of it.
        let _ = self.script.wait();
    }
}

impl Pipes {
    fn answer(&mut self, kind: &str) -> String {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        read.expect("the script's output is text");
        assert!(
            line.ends_with('\n'),
            "{kind} did not start or stop as it was told; see standard error"
        );
        line
    }

    /// Takes in `ready HOST PORT PID FOLDER`.
    fn ready(&mut self, line: &str) -> (u16, PathBuf) {
        let words: Vec<&str> = line.trim_end().splitn(5, ' ').collect();
        let ["ready", _, port, pid, folder] = words[..] else {
            panic!("`{line}` is no word of a server that is ready");
        };
        self.pid = pid.parse().expect("a process id is a number");
        let port = port.parse().expect("a port is a number");
        (port, PathBuf::from(folder))
    }
}

/// A group of its own, so that Ctrl-C on a terminal reaches the tests alone and the script does the rest.
fn command(kind: &str, options: &Options) -> Command {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/server.sh");
    let mut command = Command::new(script);
    command.arg(kind);
    if let Some(place) = &options.place {
        command.arg("--in").arg(place);
    }
    if let Some(certificate) = &options.certificate {
        command
            .arg("--tls")
            .args([&certificate.chain, &certificate.key]);
    }
    command.args(&options.settings);
    match &options.password {
        Some(password) => command.env("SERVER_PASSWORD", password),
        None => command.env_remove("SERVER_PASSWORD"),
    };
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .process_group(0);
    command
}
