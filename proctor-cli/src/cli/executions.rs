//! What can be typed about executions.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::SignedDuration;
use proctor_api::Status;

use crate::cli::OutputArgs;

#[derive(Debug, Args)]
pub struct ExecuteArgs {
    /// Name of the proc
    #[arg(value_name = "PROC")]
    pub name: String,
    /// Args of the proc; the value begins after the first `=`
    #[arg(value_name = "ARG=VALUE")]
    pub args: Vec<String>,
    /// YAML file with args, a flat map; `proctor template` writes one to fill in
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub follow: FollowArgs,
}

#[derive(Debug, Args)]
pub struct RerunArgs {
    #[command(flatten)]
    pub execution: ExecutionArgs,
    #[command(flatten)]
    pub follow: FollowArgs,
}

/// What becomes of an execution that was accepted.
#[derive(Debug, Args)]
pub struct FollowArgs {
    /// Tell the execution's id and leave, instead of following its log
    #[arg(long)]
    pub detach: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct ExecutionArgs {
    /// Id of the execution
    #[arg(value_name = "ID", value_parser = parse_id)]
    pub id: u64,
}

#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    pub execution: ExecutionArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct StopArgs {
    #[command(flatten)]
    pub execution: ExecutionArgs,
    /// Time that the proc has to end by itself before it is killed, as `10`, `10s` or `2m`
    #[arg(long, value_name = "SECONDS", value_parser = parse_grace)]
    pub grace: Option<u32>,
    /// Do not wait for the end
    #[arg(long)]
    pub no_wait: bool,
    /// Give it up, if it does not end after a stop: it is LOST on your word. For admins
    #[arg(long)]
    pub force: bool,
    /// Give it up without asking
    #[arg(short, long, requires = "force")]
    pub yes: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Only executions of this proc
    #[arg(long = "proc", value_name = "PROC")]
    pub name: Option<String>,
    /// Only executions that this user asked for
    #[arg(long, value_name = "EMAIL")]
    pub user: Option<String>,
    /// Only executions with this status, such as RUNNING or FAILED
    #[arg(long, value_name = "STATUS", value_parser = parse_status)]
    pub status: Option<Status>,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    #[command(flatten)]
    pub output: OutputArgs,
}

fn parse_status(text: &str) -> Result<Status, String> {
    let name = text.to_ascii_uppercase().replace('-', "_");
    name.parse().map_err(|error| {
        let names = Status::ALL.map(Status::as_str).join(", ");
        format!("{error}; there are {names}")
    })
}

/// Whole seconds, as the service counts them; what is left of one counts as one.
pub(super) fn parse_grace(word: &str) -> Result<u32, String> {
    if let Ok(seconds) = word.parse() {
        return Ok(seconds);
    }
    let time: Option<SignedDuration> = word.parse().ok();
    let time = time.and_then(|time| Duration::try_from(time).ok());
    let seconds = time.map(|time| time.as_millis().div_ceil(1000));
    seconds
        .and_then(|seconds| u32::try_from(seconds).ok())
        .ok_or_else(|| "not a time such as 10, 10s or 2m".to_owned())
}

fn parse_id(word: &str) -> Result<u64, String> {
    word.parse().map_err(|_| {
        "No valid execution context id provided as argument; `proctor history` shows the ids"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::parse_grace;

    #[test]
    fn a_grace_is_seconds_or_a_time_with_its_unit() {
        let cases = [("0", 0), ("3", 3), ("3s", 3), ("2m", 120), ("1500ms", 2)];
        for (word, seconds) in cases {
            assert_eq!(parse_grace(word), Ok(seconds), "{word}");
        }
        for word in ["", "soon", "-3s", "4294967296", "200000w"] {
            assert!(parse_grace(word).is_err(), "{word}");
        }
    }
}
