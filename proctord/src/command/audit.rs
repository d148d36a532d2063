//! `proctord audit`: proves that what is sealed of the audit trail is still what was written, or tells what is not. It
//! only reads, and may run beside the service.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use crate::audit::verification::{self, Finding, Report};
use crate::config::{Config, Purpose};
use crate::startup::OpenStore;
use crate::store::audit::seal::Mark;
use crate::telemetry;

#[derive(Debug, Args)]
pub(super) struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Tell what was altered, deleted or inserted since it was sealed; exit code 1 if anything was
    ///
    /// It needs the database alone. Rows of the last second or two are not sealed yet and prove nothing. That the end
    /// of the trail is gone, or all of it was written anew, shows only by a seal that was noted down elsewhere: the
    /// service tells its log the newest one every few minutes, and so does this command.
    Verify(Verify),
}

#[derive(Debug, Args)]
struct Verify {
    /// A seal that was noted down before, and must still be there; may be given again
    #[arg(long = "seal", value_name = "NUMBER:HASH")]
    marks: Vec<Mark>,
    /// What is printed; json is an object a line, the last one the summary
    #[arg(short, long, value_enum, default_value = "text")]
    output: Output,
    /// Verify the data folder of a `proctord dev`, in place of the database of `start`
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Text,
    Json,
}

pub(super) async fn run(wanted: &Audit) -> anyhow::Result<ExitCode> {
    let Verb::Verify(wanted) = &wanted.verb;
    let purpose = match &wanted.data_dir {
        Some(_) => Purpose::Dev,
        None => Purpose::Migrate,
    };
    let loaded = Config::load(purpose)?;
    telemetry::start(&loaded.config.log.level, telemetry::Format::Text);
    loaded.warn();
    let store = OpenStore::open(wanted.data_dir.as_deref(), &loaded.config).await?;
    let verified = verify(wanted, &store).await;
    store.close().await;
    verified
}

async fn verify(wanted: &Verify, store: &OpenStore) -> anyhow::Result<ExitCode> {
    let output = wanted.output;
    let mut untold = Ok(());
    let mut tell = |finding: &Finding| {
        if untold.is_ok() {
            untold = tell_finding(finding, output);
        }
    };
    let report = verification::verify(store.as_store().as_ref(), &wanted.marks, &mut tell)
        .await
        .context("the audit trail cannot be verified")?;
    untold?;
    tell_report(&report, output)?;
    Ok(if report.findings == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn tell_finding(finding: &Finding, output: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match output {
        Output::Text => writeln!(out, "{finding}"),
        Output::Json => writeln!(out, "{}", json!(finding)),
    }
}

fn tell_report(report: &Report, output: Output) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let newest = report.newest.as_ref().map(ToString::to_string);
    let (rows, oldest) = (report.unsealed.rows, report.unsealed.oldest);
    if output == Output::Json {
        let summary = json!({
            "findings": report.findings,
            "seals": report.seals,
            "sealed_rows": report.rows,
            "newest_seal": newest,
            "unsealed_rows": rows,
            "oldest_unsealed": oldest,
        });
        return writeln!(out, "{summary}");
    }
    let verdict = match report.findings {
        0 => "nothing was altered".to_owned(),
        1 => "1 finding".to_owned(),
        findings => format!("{findings} findings"),
    };
    writeln!(
        out,
        "{verdict}: {} rows are as they were sealed, by {} seals",
        report.rows, report.seals
    )?;
    if let Some(oldest) = oldest {
        writeln!(out, "not sealed yet: {rows} rows, the oldest of {oldest}")?;
    }
    if let Some(newest) = newest {
        writeln!(out, "newest seal: {newest}")?;
    }
    Ok(())
}
