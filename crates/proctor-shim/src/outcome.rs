//! What the shim writes about a job's life: that it started, its attempts, how it is to be stopped, how it
//! ended. These are stored formats: a new field needs a default, an old one stays.

use serde::{Deserialize, Serialize};

use crate::identity::ProcessIdentity;

/// The command has been created and will run next (`started`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The command's first process; also its session and its process group.
    #[serde(flatten)]
    pub process: ProcessIdentity,
    /// Wall clock, milliseconds after 1970.
    pub started_at_ms: u64,
}

/// How a stop is to be done (`stop`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRequest {
    /// Time between TERM and KILL; 0 is KILL at once.
    pub grace_ms: u64,
}

/// How one process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ended {
    /// It returned this code.
    Exit(i32),
    /// This signal ended it.
    Signal(i32),
}

/// An attempt that failed and is followed by another (a line of `attempts`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Number of the attempt that ended, from 1.
    pub attempt: u32,
    /// Bytes of output up to its end: the next attempt's output begins here.
    pub offset: u64,
    /// How it ended.
    pub ended: Ended,
    /// Pause before the next attempt.
    pub next_in_ms: u64,
}

impl Attempt {
    /// The event in words, as a log shows it.
    pub fn text(&self) -> String {
        let ended = match self.ended {
            Ended::Exit(code) => format!("exited with {code}"),
            Ended::Signal(number) => format!("was ended by signal {number}"),
        };
        format!(
            "attempt {} {ended}; next attempt in {} ms",
            self.attempt, self.next_in_ms
        )
    }
}

/// Why a job ended. The first reason wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The command ended by itself.
    Exited,
    /// It was asked to stop.
    Stopped,
    /// Its time was up.
    Deadline,
    /// It could not be executed at all; `message` says why.
    CannotStart,
}

/// How a job ended (`result`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Why it ended.
    pub cause: Cause,
    /// The command's own code, if it returned one.
    pub exit_code: Option<i32>,
    /// The signal that ended the command, if one did.
    pub signal: Option<i32>,
    /// Whether that signal left a core file.
    pub core_dumped: bool,
    /// Why it cannot start.
    pub message: Option<String>,
    /// Wall clock of the first attempt's start, milliseconds after 1970.
    pub started_at_ms: u64,
    /// Wall clock of the last attempt's end, milliseconds after 1970.
    pub finished_at_ms: u64,
    /// Bytes in `out.log`.
    pub output_bytes: u64,
    /// Bytes that the command wrote and the disk never took.
    pub output_lost_bytes: u64,
    /// How many times the command was run.
    pub attempts: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_written_by_version_one_still_parse() {
        let started = r#"{"pid":7,"start_time":99,"boot_id":"b","started_at_ms":1700000000000}"#;
        let result = r#"{"cause":"cannot_start","exit_code":null,"signal":null,"core_dumped":false,
            "message":"x: not found in PATH","started_at_ms":1,"finished_at_ms":2,"output_bytes":0,
            "output_lost_bytes":0,"attempts":1}"#;
        let attempt = r#"{"attempt":1,"offset":12,"ended":{"signal":9},"next_in_ms":0}"#;

        let started: Started = serde_json::from_str(started).expect("started");
        let result: Outcome = serde_json::from_str(result).expect("result");
        let attempt: Attempt = serde_json::from_str(attempt).expect("attempt");

        assert_eq!(started.process.pid, 7);
        assert_eq!(result.cause, Cause::CannotStart);
        assert_eq!(
            attempt.text(),
            "attempt 1 was ended by signal 9; next attempt in 0 ms"
        );
    }
}
