//! `proctord recover`: after a restore, shows what is held and has it go on or fail. It may run beside the service.

mod operator;
mod show;
mod wanted;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};

use super::place::place;
use crate::config::{Config, Purpose};
use crate::domain::id::ExecutionId;
use crate::recovery::Recovery;
use crate::startup::{OpenStore, witness};
use crate::telemetry;
use show::Done;
use wanted::{Decision, Wanted};

const SUMMARY: &str = "\
Without a decision it shows what is held, with what the runner of this machine knows of it. Released ones are started \
by the service within seconds; failed ones never are. The hold ends with the last one that is held.";

#[derive(Debug, Args)]
#[command(after_help = SUMMARY)]
pub(super) struct Recover {
    /// Let these go on
    #[arg(long, value_name = "ID", num_args = 0..)]
    release: Option<Vec<ExecutionId>>,
    /// End these as CREATION_FAILED; they are never started
    #[arg(long, value_name = "ID", num_args = 0..)]
    fail: Option<Vec<ExecutionId>>,
    /// All that are held and not named: for whichever of --release and --fail names none
    #[arg(long)]
    all: bool,
    /// End the hold when nothing is held any more
    #[arg(long)]
    done: bool,
    /// What is printed
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    /// Recover the data folder of a `proctord dev`, in place of the database of `start`
    #[arg(long, value_name = "DIR")]
    data_dir: Option<std::path::PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

pub(super) async fn run(args: &Recover) -> anyhow::Result<()> {
    let wanted = Wanted::of(args)?;
    let purpose = match &args.data_dir {
        Some(_) => Purpose::Dev,
        None => Purpose::Recover,
    };
    let loaded = Config::load(purpose)?;
    telemetry::start(&loaded.config.log.level, telemetry::Format::Text);
    loaded.warn();
    let store = OpenStore::open(args.data_dir.as_deref(), &loaded.config).await?;
    let recovered = recover(
        &loaded.config,
        args.data_dir.as_deref(),
        &store,
        wanted,
        args.output,
    );
    let recovered = recovered.await;
    store.close().await;
    recovered
}

async fn recover(
    config: &Config,
    dev: Option<&Path>,
    store: &OpenStore,
    wanted: Wanted,
    output: Output,
) -> anyhow::Result<()> {
    let asked = dev.map(ToOwned::to_owned);
    let place = place(asked.or_else(|| config.execution.data_dir.clone()))?;
    let installation = store.as_store().installation().await;
    let installation = installation.context("the store is not ready")?;
    let witness = witness(config, &place, dev.is_some(), installation).await?;
    let recovery = Recovery::new(Arc::clone(store.as_store()), witness, operator::name());
    if wanted.is_look() {
        return show::survey(&recovery.survey().await?, output);
    }
    let done = decide(&recovery, wanted).await?;
    show::done(&done, output)?;
    if !done.refused.is_empty() {
        bail!("not all was done as it was told");
    }
    Ok(())
}

/// Does what is wanted one by one, and notes what is refused.
async fn decide(recovery: &Recovery, wanted: Wanted) -> anyhow::Result<Done> {
    let mut done = Done::default();
    let ends_hold = wanted.ends_hold;
    for (id, decision) in wanted.decisions(recovery.held().await?) {
        let decided = match decision {
            Decision::Release => recovery.release(id).await,
            Decision::Fail => recovery.fail(id).await,
        };
        match (decided, decision) {
            (Ok(()), Decision::Release) => done.released.push(id),
            (Ok(()), Decision::Fail) => done.failed.push(id),
            (Err(error), _) => done.refused.push((id, telemetry::chain(&error))),
        }
    }
    if ends_hold {
        recovery.end().await.context("the hold goes on")?;
    }
    done.held = recovery.held().await?.len();
    done.ended = recovery.is_over().await?;
    Ok(done)
}
