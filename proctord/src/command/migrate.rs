//! `proctord migrate` and `proctord rollback`: the schema's way forward and back, told step by step. `start` never
//! takes it.

use std::io::Write;

use anyhow::{Context, bail};
use clap::Args;

use crate::config::{Config, Purpose};
use crate::store::Store;
use crate::store::postgres::migrations::{self, Migration};
use crate::store::postgres::{PostgresSettings, PostgresStore};
use crate::telemetry;

#[derive(Debug, Args)]
pub(super) struct Rollback {
    /// Take it back although executions are stored, which may be deleted with it
    #[arg(long)]
    yes: bool,
}

pub(super) async fn migrate() -> anyhow::Result<()> {
    let settings = settings()?;
    let applied = migrations::apply(&settings)
        .await
        .context("the schema could not be brought up to date")?;
    for step in &applied {
        tell(&format!("applied {}", called(step)))?;
    }
    let history = migrations::history(&settings).await?;
    match history.last() {
        Some(last) => tell(&format!("the schema is up to date, at {}", called(last))),
        None => tell("the schema has no steps"),
    }
}

pub(super) async fn rollback(wanted: &Rollback) -> anyhow::Result<()> {
    let settings = settings()?;
    let history = migrations::history(&settings)
        .await
        .context("no step was taken back")?;
    let Some(last) = history.last() else {
        return tell("there is no step to take back");
    };
    if !wanted.yes {
        refuse_to_delete(&settings, last).await?;
    }
    let taken_back = migrations::roll_back(&settings)
        .await
        .context("no step was taken back")?;
    match taken_back {
        Some(step) => tell(&format!("took back {}", called(&step))),
        None => tell("there is no step to take back"),
    }
}

async fn refuse_to_delete(settings: &PostgresSettings, last: &Migration) -> anyhow::Result<()> {
    let store = PostgresStore::new(settings);
    let census = store.census().await;
    store.close().await;
    let stored: u64 = census
        .context("no step was taken back: what is stored could not be counted")?
        .values()
        .sum();
    if stored > 0 {
        bail!(
            "taking back {} may delete what is stored, executions ({stored} of them) and logs; stop every proctord, \
             then --yes does it",
            called(last)
        );
    }
    Ok(())
}

fn settings() -> anyhow::Result<PostgresSettings> {
    let loaded = Config::load(Purpose::Migrate)?;
    telemetry::start(&loaded.config.log.level, telemetry::Format::Text);
    loaded.warn();
    let postgres = loaded.config.postgres.as_ref();
    Ok(postgres.context("no database is named")?.settings())
}

fn called(step: &Migration) -> String {
    format!("step {} ({})", step.version, step.name)
}

fn tell(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
