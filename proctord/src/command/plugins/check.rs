//! `proctord plugins check`: whether a library can be used, looked at as the service does: in a process of its own.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use proctor_plugin::{Entry, abi};

use crate::plugins::{self, Contents, Plugin, Spec, this_program, word};
use crate::telemetry;

/// No call is made: it is only what a plugin may take to be made.
const DEADLINE: Duration = Duration::from_secs(5);

/// Tell what is in a library of plugins, and whether it can be used
///
/// It is loaded in a process of its own, as the service does it. The exit code is 0 if it can be used and 1 if not.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The library
    file: PathBuf,
    /// Make each plugin in it as well, from the settings in this environment
    #[arg(long)]
    create: bool,
}

pub(super) async fn run(check: Check) -> anyhow::Result<()> {
    telemetry::start("warn", telemetry::Format::Text);
    let contents = plugins::contents(&this_program(), &check.file).await?;
    if check.create {
        for entry in &contents.manifest.plugins {
            Plugin::start(spec(&check, entry)).await?.stop().await;
        }
    }
    tell(&check, &contents, &mut std::io::stdout().lock())?;
    Ok(())
}

fn spec(check: &Check, entry: &Entry) -> Spec {
    Spec {
        file: check.file.clone(),
        name: Some(entry.name.clone()),
        kind: entry.kind,
        deadline: DEADLINE,
        program: this_program(),
    }
}

fn tell(check: &Check, contents: &Contents, out: &mut impl Write) -> std::io::Result<()> {
    let manifest = &contents.manifest;
    let (major, minor) = contents.interface;
    writeln!(out, "{} can be used", check.file.display())?;
    writeln!(out, "library       {} {}", manifest.name, manifest.version)?;
    let (ours, appended) = (abi::MAJOR, abi::MINOR);
    writeln!(
        out,
        "interface     {major}.{minor}; this proctord has {ours}.{appended}"
    )?;
    for entry in &manifest.plugins {
        let kind = word(entry.kind);
        let methods = entry.methods.join(", ");
        let made = if check.create { "; can be made" } else { "" };
        writeln!(out, "{kind:<13} {}: {methods}{made}", entry.name)?;
    }
    out.flush()
}
