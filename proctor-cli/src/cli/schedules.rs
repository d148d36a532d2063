//! What can be typed about schedules. What a flag's text must be is in `schedules/value.rs`.

mod rules;
mod value;

use std::path::PathBuf;

use clap::{ArgGroup, ArgMatches, Args, Command, FromArgMatches, Subcommand};

use crate::cli::{FollowArgs, OutputArgs};
pub use rules::RuleArgs;
pub use value::{When, zone as zone_by_name, zone_name};

/// A command about schedules; a proc in its place is `create`.
#[derive(Debug)]
pub struct ScheduleArgs(pub ScheduleCommand);

impl ScheduleArgs {
    /// Whether an execution is asked for and followed.
    #[must_use]
    pub fn is_run(&self) -> bool {
        matches!(self.0, ScheduleCommand::Run(_))
    }
}

// By hand, since what is derived for a proc or a command in one place knows no flags that are shared.
impl FromArgMatches for ScheduleArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let command = match matches.subcommand_name() {
            Some(_) => ScheduleCommand::from_arg_matches(matches)?,
            None => ScheduleCommand::Create(FromArgMatches::from_arg_matches(matches)?),
        };
        Ok(Self(command))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for ScheduleArgs {
    fn augment_args(command: Command) -> Command {
        let command = ScheduleCommand::augment_subcommands(command);
        ScheduleCreateArgs::augment_args(command)
            .args_conflicts_with_subcommands(true)
            .subcommand_negates_reqs(true)
            .arg_required_else_help(true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[derive(Debug, Subcommand)]
pub enum ScheduleCommand {
    /// Schedule a proc, whatever it is called
    ///
    /// Args come from the file of -f, if there is one, and from the words after the proc, which go first. On a
    /// terminal, required args that are still missing are asked for. Every flag is checked before anything is sent.
    /// The next moments are told on stderr, in the schedule's time zone and in yours, with what changes of the clock
    /// do to them.
    Create(Box<ScheduleCreateArgs>),
    /// List the schedules of procs that you can run
    List(ScheduleListArgs),
    /// Describe a schedule
    Describe(ScheduleOneArgs),
    /// Change a schedule, at once; what is not given stays. It is yours from then on
    Update(Box<ScheduleUpdateArgs>),
    /// Have nothing fire until the schedule is resumed
    Pause(ScheduleOneArgs),
    /// Have a schedule fire again that is paused or held
    Resume(ScheduleOneArgs),
    /// Run a schedule now, in your name, and follow the log as `proctor execute` does
    Run(ScheduleRunArgs),
    /// Tell the next moments of a schedule
    Next(ScheduleNextArgs),
    /// Tell what became of a schedule's moments, newest first, also after its removal
    History(ScheduleHistoryArgs),
    /// Remove a schedule: it never fires again
    Remove(ScheduleOneArgs),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("moments").args(["cron", "at"]).required(true))]
pub struct ScheduleCreateArgs {
    /// Name of the proc
    #[arg(value_name = "PROC")]
    pub name: String,
    /// Args of the proc; the value begins after the first `=`
    #[arg(value_name = "ARG=VALUE")]
    pub args: Vec<String>,
    /// YAML file with args, a flat map; `proctor template` writes one to fill in
    #[arg(short = 'f', long = "filename", value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The group that the schedule belongs to
    #[arg(short, long, value_name = "GROUP", value_parser = value::text)]
    pub group: String,
    /// Who is told by mail how each run ended: addresses with commas between them
    #[arg(short, long, value_name = "EMAILS", value_parser = value::addresses)]
    pub notify: String,
    /// Tags, with commas between them
    #[arg(short = 'T', long, value_name = "TAGS", value_parser = value::text)]
    pub tags: String,
    /// Have nothing fire until the schedule is resumed
    #[arg(long, visible_alias = "disabled")]
    pub paused: bool,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub rules: RuleArgs,
}

#[derive(Debug, Args)]
pub struct ScheduleUpdateArgs {
    /// Id of the schedule
    #[arg(value_name = "ID", value_parser = value::id)]
    pub id: u64,
    /// Args to set; the others stay
    #[arg(value_name = "ARG=VALUE")]
    pub args: Vec<String>,
    /// Take this arg away
    #[arg(long, value_name = "ARG")]
    pub unset: Vec<String>,
    /// Drop the times of --not-before and --not-after
    #[arg(long, conflicts_with_all = ["not_before", "not_after"])]
    pub no_window: bool,
    /// The group that the schedule belongs to
    #[arg(short, long, value_name = "GROUP", value_parser = value::text)]
    pub group: Option<String>,
    /// Who is told by mail how each run ended: addresses with commas between them
    #[arg(short, long, value_name = "EMAILS", value_parser = value::addresses)]
    pub notify: Option<String>,
    /// Tags, with commas between them
    #[arg(short = 'T', long, value_name = "TAGS", value_parser = value::text)]
    pub tags: Option<String>,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub rules: RuleArgs,
}

impl ScheduleUpdateArgs {
    /// Whether it asks for any change.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        let has_words = !self.args.is_empty() || !self.unset.is_empty();
        let texts = [&self.group, &self.notify, &self.tags];
        let has_texts = texts.iter().any(|text| text.is_some());
        has_words || has_texts || self.no_window || self.rules != RuleArgs::default()
    }
}

#[derive(Debug, Args)]
pub struct ScheduleListArgs {
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct ScheduleOneArgs {
    /// Id of the schedule
    #[arg(value_name = "ID", value_parser = value::id)]
    pub id: u64,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct ScheduleRunArgs {
    /// Id of the schedule
    #[arg(value_name = "ID", value_parser = value::id)]
    pub id: u64,
    #[command(flatten)]
    pub follow: FollowArgs,
}

#[derive(Debug, Args)]
pub struct ScheduleNextArgs {
    /// Id of the schedule
    #[arg(value_name = "ID", value_parser = value::id)]
    pub id: u64,
    /// How many, at most 100
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub count: u32,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct ScheduleHistoryArgs {
    /// Id of the schedule
    #[arg(value_name = "ID", value_parser = value::id)]
    pub id: u64,
    /// At most this many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,
    #[command(flatten)]
    pub output: OutputArgs,
}
