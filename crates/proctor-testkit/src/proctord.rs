//! `proctord dev` or `proctord start` as a process under test: started, killed, started again on the same data
//! folder.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::command_line::{CommandLine, Ran};
use crate::{binary, runs, wait_for};

/// A key like any other.
const SECRET_KEYS: &str = "test:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

/// How a proctord is to be started.
#[derive(Debug, Clone)]
pub struct ProctordBuilder {
    data_dir: PathBuf,
    /// The command that serves.
    command: &'static str,
    variables: Vec<(String, String)>,
    wrapper: Vec<String>,
}

impl ProctordBuilder {
    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it through another program, such as `unshare`.
    #[must_use]
    pub fn through(mut self, words: &[&str]) -> Self {
        self.wrapper = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Runs another command of its in the same environment, to its end.
    ///
    /// # Panics
    /// It cannot be run.
    #[must_use]
    pub fn run(&self, words: &[&str]) -> Ran {
        let mut command = Command::new(binary("proctord"));
        command
            .args(words)
            .env("PROCTOR_DATA_DIR", &self.data_dir)
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Ran::of(command.spawn().expect("proctord can be started"))
    }

    /// Starts it and waits until it serves; one of production may not be ready yet.
    ///
    /// # Panics
    /// It ended instead; the text says what it told.
    #[must_use]
    pub fn start(&self) -> Proctord {
        match self.try_start() {
            Ok(proctord) => proctord,
            Err((status, log)) => panic!("proctord ended with {status} instead of serving:\n{log}"),
        }
    }

    /// Starts it where it cannot serve, and returns how it ended and what it told.
    ///
    /// # Panics
    /// It serves.
    #[must_use]
    pub fn start_and_fail(&self) -> (ExitStatus, String) {
        match self.try_start() {
            Ok(_) => panic!("proctord serves although it should not"),
            Err(ended) => ended,
        }
    }

    /// Starts it and waits until it serves or has ended.
    ///
    /// # Errors
    /// It ended: how, and what it told.
    ///
    /// # Panics
    /// It is not there at all.
    pub fn try_start(&self) -> Result<Proctord, (ExitStatus, String)> {
        self.spawn().serving()
    }

    fn spawn(&self) -> Starting {
        fs::create_dir_all(&self.data_dir).expect("the data folder can be made");
        let log = self.data_dir.with_extension("log");
        let stderr = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .expect("the log can be made");
        let mut words = self.wrapper.clone();
        words.push(binary("proctord").display().to_string());
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .arg(self.command)
            .env("PROCTOR_DATA_DIR", &self.data_dir)
            .env("PROCTOR_APP_PORT", "0")
            .envs(self.variables.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr);
        let child = command.spawn().expect("proctord can be started");
        Starting {
            child,
            log,
            data_dir: self.data_dir.clone(),
        }
    }
}

struct Starting {
    child: Child,
    log: PathBuf,
    data_dir: PathBuf,
}

impl Starting {
    fn serving(mut self) -> Result<Proctord, (ExitStatus, String)> {
        let stdout = self.child.stdout.take().expect("its output is piped");
        let mut stdout = BufReader::new(stdout);
        let mut line = String::new();
        // Unreadable output is as good as none: it does not say that it serves.
        let _ = stdout.read_line(&mut line);
        let address = line.split_whitespace().find_map(|word| {
            let (scheme, address) = word.split_once("://")?;
            Some((scheme == "https", address.to_owned()))
        });
        match address {
            Some((speaks_tls, address)) => Ok(Proctord {
                child: self.child,
                _stdout: stdout,
                address,
                speaks_tls,
                log: self.log,
                data_dir: self.data_dir,
                runs_go_on: false,
            }),
            None => {
                let status = self.child.wait().expect("it can be waited for");
                Err((status, fs::read_to_string(&self.log).unwrap_or_default()))
            }
        }
    }
}

/// A proctord that runs; dropped, it is killed.
#[derive(Debug)]
pub struct Proctord {
    child: Child,
    /// Kept open: it may have more to say.
    _stdout: BufReader<ChildStdout>,
    address: String,
    speaks_tls: bool,
    log: PathBuf,
    data_dir: PathBuf,
    /// Whether its executions are left to the next one on the same folder.
    runs_go_on: bool,
}

impl Proctord {
    /// One that keeps everything in this folder.
    #[must_use]
    pub fn at(data_dir: &Path) -> ProctordBuilder {
        ProctordBuilder {
            data_dir: data_dir.to_owned(),
            command: "dev",
            variables: Vec::new(),
            wrapper: Vec::new(),
        }
    }

    /// One of production, with its folder here; where the servers are is yet to be said.
    #[must_use]
    pub fn production_at(data_dir: &Path) -> ProctordBuilder {
        ProctordBuilder {
            command: "start",
            ..Self::at(data_dir)
        }
        .env("PROCTOR_RUNNER", "local")
        .env("PROCTOR_SECRET_KEYS", SECRET_KEYS)
    }

    /// Host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it has logged so far, its earlier lives included.
    #[must_use]
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The command line, pointed at it.
    #[must_use]
    pub fn proctor(&self, words: &[&str]) -> CommandLine {
        let host = if self.speaks_tls {
            format!("https://{}", self.address)
        } else {
            self.address.clone()
        };
        CommandLine::new(&host, &self.data_dir.with_extension("client"), words)
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// It is gone.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(Pid::from_raw)
            .expect("it has a pid");
        kill_process(pid, signal).expect("it can be signalled");
    }

    /// Kills it where it stands; its executions go on.
    ///
    /// # Panics
    /// It cannot be waited for.
    pub fn kill(mut self) {
        self.runs_go_on = true;
        // It may have ended by itself at a fail point.
        let _ = self.child.kill();
        self.child.wait().expect("it can be waited for");
    }

    /// Whether it still runs, as far as it has not been stopped by a signal.
    ///
    /// # Panics
    /// It cannot be waited for.
    pub fn is_alive(&mut self) -> bool {
        let ended = self.child.try_wait().expect("it can be waited for");
        ended.is_none()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Panics
    /// It does not end in time.
    pub fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        wait_for("proctord to end", || {
            child
                .try_wait()
                .expect("it can be waited for")
                .ok_or("it runs")
        })
    }

    /// Asks it to end, and waits until it has; its executions go on.
    ///
    /// # Panics
    /// It does not end in time.
    pub fn stop(mut self) -> ExitStatus {
        self.runs_go_on = true;
        self.signal(Signal::TERM);
        self.wait()
    }
}

impl Drop for Proctord {
    fn drop(&mut self) {
        // Whatever is left of it must not outlive its test.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.runs_go_on {
            runs::end_all(&self.data_dir.join("executions"));
        }
    }
}
