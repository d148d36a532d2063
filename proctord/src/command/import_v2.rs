//! `proctord import-v2`: takes over what version 2 has. What was done goes to standard output, what is to be said
//! about single rows to standard error.

use std::io::{self, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use secrecy::SecretString;

use crate::config::{Config, Purpose};
use crate::data_folder::DataFolder;
use crate::import_v2::{self, Options, Report, Sources, Target, Told};
use crate::startup::Backing;
use crate::telemetry;

const SUMMARY: &str = "\
Reads only, adds what is not here yet and changes nothing that is: it may be interrupted and run again. Ends with 0 if \
everything is here afterwards, with 1 if something was skipped or the import broke off.";

#[derive(Debug, Args)]
#[command(after_help = SUMMARY)]
pub(super) struct ImportV2 {
    /// Version 2's Postgres; better told by PROCTOR_V2_DATABASE_URL if it has a password
    #[arg(long, value_name = "URL")]
    database_url: Option<SecretString>,
    /// Version 2's Redis; better told by PROCTOR_V2_REDIS_URL if it has a password
    #[arg(long, value_name = "URL")]
    redis_url: Option<SecretString>,
    /// Import into the data folder of a `proctord dev` that does not run, in place of the servers of `start`
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// The most executions that are stored in one commit
    #[arg(long, value_name = "N", default_value = "200")]
    batch: NonZeroU32,
    /// Tell what would be imported, and import nothing
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(args: ImportV2) -> anyhow::Result<ExitCode> {
    let purpose = match &args.data_dir {
        Some(_) => Purpose::Dev,
        None => Purpose::Import,
    };
    let loaded = Config::load(purpose)?;
    telemetry::start(&loaded.config.log.level, telemetry::Format::Text);
    loaded.warn();
    let sources = Sources {
        database_url: args
            .database_url
            .or(loaded.config.import.database_url.clone()),
        redis_url: args.redis_url.or(loaded.config.import.redis_url.clone()),
        time_zone: loaded.config.schedule.time_zone.clone(),
    };
    if sources.database_url.is_none() && sources.redis_url.is_none() {
        bail!(
            "say where version 2 is: PROCTOR_V2_DATABASE_URL, PROCTOR_V2_REDIS_URL or both, or the flags \
             --database-url and --redis-url"
        );
    }
    let options = Options {
        batch: args.batch,
        dry_run: args.dry_run,
    };
    let place = open(args.data_dir.as_deref(), &loaded.config, options).await?;
    let target = place.as_ref().map(|place| Target {
        store: place.backing.store(),
        catalog: place.backing.catalog(),
    });
    if let Some(target) = &target {
        check(target).await?;
    }
    let mut tell = |told: &Told| tell(told);
    let imported = import_v2::import(&sources, target.as_ref(), options, &mut tell).await;
    drop(target);
    if let Some(place) = place {
        place.backing.close().await;
    }
    let report = imported?;
    summarise(&report, &sources, options)?;
    Ok(if report.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Where the import goes to.
struct Place {
    backing: Backing,
    /// Held as long as its files are open.
    _folder: Option<DataFolder>,
}

/// The files of the folder, or the servers; a dry run makes no files.
async fn open(
    data_dir: Option<&Path>,
    config: &Config,
    options: Options,
) -> anyhow::Result<Option<Place>> {
    let Some(path) = data_dir else {
        return Ok(Some(Place {
            backing: Backing::servers(config)?,
            _folder: None,
        }));
    };
    if options.dry_run && !path.exists() {
        return Ok(None);
    }
    let folder = DataFolder::open(path)?;
    let backing = Backing::files(&folder, config).await?;
    Ok(Some(Place {
        backing,
        _folder: Some(folder),
    }))
}

/// Before anything is read: a target that is not ready would make for half an import.
async fn check(target: &Target) -> anyhow::Result<()> {
    let store = target.store.check().await;
    store.context(
        "the store is not ready; the schema of a Postgres is made by `proctord migrate`",
    )?;
    target
        .catalog
        .check()
        .await
        .context("the catalog is not ready")
}

fn tell(told: &Told) {
    // Whoever does not read standard error does not want to know.
    let _ = writeln!(io::stderr().lock(), "{told}");
}

fn summarise(report: &Report<'_>, sources: &Sources, options: Options) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if options.dry_run {
        writeln!(out, "Nothing was imported; without --dry-run it would be:")?;
    }
    if sources.database_url.is_some() {
        writeln!(out, "executions: {}", report.executions)?;
    }
    if let Some(schedules) = &report.schedules {
        writeln!(out, "schedules:  {schedules}")?;
    }
    if sources.redis_url.is_some() {
        writeln!(out, "procs:      {}", report.procs)?;
        writeln!(out, "secrets:    {}", report.secrets)?;
    }
    out.flush()
}
