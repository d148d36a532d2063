//! What can be typed. Only clap types live here; their doc comments are the help.

mod audit;
mod executions;
mod procs;
mod schedules;
mod secrets;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub use crate::cli::audit::AuditArgs;
pub use crate::cli::executions::{
    ExecuteArgs, ExecutionArgs, FollowArgs, HistoryArgs, RerunArgs, StatusArgs, StopArgs,
};
pub use crate::cli::procs::{DescribeArgs, ListArgs, PublishArgs, TemplateArgs, UnpublishArgs};
pub use crate::cli::schedules::{
    RuleArgs, ScheduleArgs, ScheduleCommand, ScheduleCreateArgs, ScheduleHistoryArgs,
    ScheduleListArgs, ScheduleNextArgs, ScheduleOneArgs, ScheduleRunArgs, ScheduleUpdateArgs, When,
    zone_by_name, zone_name,
};
pub use crate::cli::secrets::{SecretCommand, SecretListArgs, SecretRmArgs, SecretSetArgs};
use crate::exit_code;

/// A command-line interface to run procs
#[derive(Debug, Parser)]
#[command(name = "proctor", version)]
pub struct Cli {
    #[command(flatten)]
    pub globals: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

/// Where proctord is, for every command.
#[derive(Debug, Clone, Args)]
pub struct GlobalArgs {
    /// proctord's address, HOST or HOST:PORT, with https:// if it speaks TLS; goes before PROCTOR_HOST
    #[arg(long, global = true, value_name = "HOST")]
    pub host: Option<String>,
    /// Trust the certificates in this file, in PEM, instead of this machine's; goes before PROCTOR_CACERT
    #[arg(long, global = true, value_name = "FILE")]
    pub cacert: Option<String>,
    /// Config file to use instead of ~/.proctor/proctor.yaml
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Ask nothing, even on a terminal: what is missing is an error
    #[arg(long, global = true)]
    pub no_input: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the procs that you can run
    List(ListArgs),
    /// Describe a proc: what it does, its args, who may run it
    Describe(DescribeArgs),
    /// Write a file to fill in a proc's args, for `execute -f`
    Template(TemplateArgs),
    /// Execute a proc with the args given and follow its log
    ///
    /// Args come from the file of -f, if there is one, and from the words after the proc, which go first. On a
    /// terminal, required args that are still missing are asked for.
    ///
    /// The proc's output goes to stdout, byte by byte as the proc wrote it; everything else goes to stderr.
    /// A connection that is cut is taken up again where it was.
    #[command(after_long_help = exit_code::TABLE)]
    Execute(ExecuteArgs),
    /// Execute a proc again with the args of an earlier execution
    ///
    /// The proc is taken as it is published now.
    #[command(after_long_help = exit_code::TABLE)]
    Rerun(RerunArgs),
    /// Show the log of an execution from its beginning and follow it to its end
    ///
    /// The proc's output goes to stdout, everything else to stderr.
    #[command(after_long_help = exit_code::TABLE)]
    Logs(ExecutionArgs),
    /// Tell where an execution stands and where its time went
    Status(StatusArgs),
    /// Stop an execution and wait for its end
    Stop(StopArgs),
    /// List executions, newest first
    History(HistoryArgs),
    /// Schedule a proc, and see after the schedules that are there
    ///
    /// `proctor schedule PROC` is the same as `proctor schedule create PROC`, which also takes a proc that is called
    /// like one of the commands below, such as `list`.
    #[command(after_long_help = SCHEDULE_EXAMPLES)]
    Schedule(Box<ScheduleArgs>),
    /// Publish procs from folders or documents
    ///
    /// All of them are checked before anything is sent, and all are published or none.
    Publish(PublishArgs),
    /// Withdraw a proc: nobody can execute it any more
    Unpublish(UnpublishArgs),
    /// Set, list and delete the secrets of procs
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Configure the proctor client
    ///
    /// Keys: PROCTOR_HOST, EMAIL_ID, ACCESS_TOKEN, PROCTOR_CACERT (a file of certificates to trust instead of this
    /// machine's), CONNECTION_TIMEOUT_SECS (10 if unset),
    /// RECONNECT_TIMEOUT_SECS (60 if unset: how long a log that was cut is tried again). An environment
    /// variable of the same name goes before the file, and the environment alone is enough.
    Config(ConfigArgs),
    /// Show who did what, newest first. For admins
    ///
    /// What the catalog keeps is told twice: before it is changed (begun), and how that went.
    Audit(AuditArgs),
    /// Log in: have proctord check a token, and keep it in the config file
    ///
    /// The token is never an argument, where every user of the machine could read it: on a terminal it is asked for
    /// without showing it, otherwise it is read from stdin, or from a file. It is kept only if proctord accepts it,
    /// and in a file that its owner alone can read. What else that file says stays.
    Login(LoginArgs),
    /// Log out: remove the token from the config file
    Logout,
    /// Tell who proctord takes you for
    Whoami(WhoamiArgs),
    /// Write completions for a shell to stdout
    ///
    /// For bash: `proctor completion bash > /etc/bash_completion.d/proctor`; for zsh, into a folder of $fpath as
    /// `_proctor`; for fish: `proctor completion fish > ~/.config/fish/completions/proctor.fish`.
    Completion(CompletionArgs),
    /// Tell the version of the proctor client
    Version,
}

/// What schedules look like, below the help of `proctor schedule`.
const SCHEDULE_EXAMPLES: &str = "\
Examples:
  proctor schedule report DAY=Monday -c '30 9 * * mon-fri' --time-zone Europe/Berlin \\
      -g ops -n ann@example.org -T nightly
  proctor schedule create list --at 2026-12-24T18:00:00Z -g ops -n ann@example.org -T once";

/// How an answer is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// Only the name or id, one per line
    Name,
}

#[derive(Debug, Args)]
pub struct OutputArgs {
    /// How to print the answer
    #[arg(
        short = 'o',
        long = "output",
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub format: Format,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct ConfigArgs {
    #[command(subcommand)]
    pub command: Option<ConfigCommand>,
    /// What to write to the config file, in place of all that it has now
    #[arg(value_name = "KEY=VALUE", required = true)]
    pub settings: Vec<String>,
    /// Overwrite an existing config file without asking
    #[arg(short, long)]
    pub yes: bool,
}

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show the config file; the token stays hidden
    Show,
}

#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Who you are; left out or empty, the token alone is to tell
    #[arg(long, value_name = "EMAIL")]
    pub email: Option<String>,
    /// Read the token from this file
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct WhoamiArgs {
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_sound() {
        super::Cli::command().debug_assert();
    }
}
