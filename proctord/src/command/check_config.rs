//! `proctord check-config`: shows what is configured and where each value comes from, and tells everything that
//! is wrong with it. It asks no server; secrets are not shown.

use std::io::Write;

use clap::Args;

use crate::config::{Config, Examined, Layers, Purpose};

#[derive(Debug, Args)]
pub(super) struct CheckConfig {
    /// Check for `proctord dev`, which needs nothing, instead of `proctord start`
    #[arg(long)]
    dev: bool,
}

pub(super) fn run(wanted: &CheckConfig) -> anyhow::Result<()> {
    let purpose = if wanted.dev {
        Purpose::Dev
    } else {
        Purpose::Start
    };
    let examined = Config::examine(Layers::of_process(), purpose);
    write(&examined, &mut std::io::stdout().lock())?;
    for warning in &examined.warnings {
        writeln!(std::io::stderr(), "warning: {warning}")?;
    }
    examined.loaded()?;
    Ok(())
}

fn write(examined: &Examined, out: &mut impl Write) -> std::io::Result<()> {
    match &examined.file {
        Some(file) => writeln!(out, "# config file: {}", file.display())?,
        None => writeln!(out, "# no config file")?,
    }
    let settings = examined.settings.iter();
    let lines: Vec<_> = settings
        .map(|setting| {
            (
                format!("{}={}", setting.name, setting.value),
                &setting.origin,
            )
        })
        .collect();
    let widest = lines.iter().map(|(text, _)| text.chars().count()).max();
    let width = widest.unwrap_or(0);
    for (text, origin) in lines {
        writeln!(out, "{text:width$}  # {origin}")?;
    }
    out.flush()
}
