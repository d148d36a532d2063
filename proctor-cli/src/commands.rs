//! One module per command; this one picks it and turns what it gives into text and exit code.

mod accepted;
mod audit;
mod completion;
mod config;
mod describe;
mod execute;
mod history;
mod list;
mod login;
mod logout;
mod logs;
mod publish;
mod rerun;
mod schedule;
mod secret;
mod status;
mod stop;
mod template;
mod unpublish;
mod version;
mod whoami;

use crate::cli::{Cli, Command, SecretCommand};
use crate::config::ConfigError;
use crate::console;
use crate::context::Context;
use crate::error::Error;
use crate::exit_code::{self, Exit};

/// Runs the command and says on stderr why it failed, if it did.
pub async fn run(cli: Cli) -> Exit {
    let context = Context {
        globals: cli.globals,
    };
    let failure = match cli.command {
        Command::Execute(_) | Command::Rerun(_) | Command::Logs(_) => exit_code::PROCTOR_FAILED,
        Command::Schedule(ref args) if args.is_run() => exit_code::PROCTOR_FAILED,
        _ => exit_code::FAILURE,
    };
    match dispatch(&context, cli.command).await {
        Ok(exit) => exit,
        Err(error) => {
            tell(&error);
            error.exit_code(failure)
        }
    }
}

async fn dispatch(context: &Context, command: Command) -> Result<Exit, Error> {
    match command {
        Command::Execute(args) => return execute::run(context, args).await,
        Command::Rerun(args) => return rerun::run(context, args).await,
        Command::Logs(args) => return logs::run(context, args).await,
        Command::List(args) => list::run(context, args).await,
        Command::Describe(args) => describe::run(context, args).await,
        Command::Template(args) => template::run(context, args).await,
        Command::Status(args) => status::run(context, args).await,
        Command::Stop(args) => return stop::run(context, args).await,
        Command::History(args) => history::run(context, args).await,
        Command::Schedule(args) => return schedule::run(context, *args).await,
        Command::Publish(args) => publish::run(context, args).await,
        Command::Unpublish(args) => unpublish::run(context, args).await,
        Command::Secret(SecretCommand::Set(args)) => secret::set(context, args).await,
        Command::Secret(SecretCommand::List(args)) => secret::list(context, args).await,
        Command::Secret(SecretCommand::Rm(args)) => secret::remove(context, args).await,
        Command::Config(args) => config::run(context, args).await,
        Command::Audit(args) => audit::run(context, args).await,
        Command::Login(args) => login::run(context, args).await,
        Command::Logout => logout::run(context),
        Command::Whoami(args) => whoami::run(context, args).await,
        Command::Completion(args) => completion::run(args).await,
        Command::Version => version::run().await,
    }
    .map(|()| exit_code::SUCCESS)
}

fn tell(error: &Error) {
    if error.is_broken_pipe() {
        return;
    }
    console::fail(error);
    let loading = !matches!(
        error,
        Error::Config(ConfigError::Write { .. } | ConfigError::Absent { .. })
    );
    if matches!(error, Error::Config(_)) && loading {
        console::say("Encountered error while loading config, exiting.");
    }
}
