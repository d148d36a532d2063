//! `proctord dev`: the whole service on one machine, with nothing installed.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tracing::warn;

use crate::config::{Config, Purpose};
use crate::startup::Service;
use crate::telemetry;

#[derive(Debug, Args)]
pub(super) struct Dev {
    /// Where everything is kept [default: proctor in $XDG_DATA_HOME or ~/.local/share]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub(super) async fn run(dev: Dev) -> anyhow::Result<()> {
    let loaded = Config::load(Purpose::Dev)?;
    telemetry::start(&loaded.config.log.level, telemetry::Format::Text);
    for warning in &loaded.warnings {
        warn!("{warning}");
    }
    let data_dir = match dev.data_dir {
        Some(path) => path,
        None => default_data_dir()?,
    };
    // Before the service begins, so that a signal during the start is not lost.
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let service = Service::dev(&loaded.config, &data_dir, shim()?).await?;
    if let Err(error) = print_welcome(&service) {
        // Whoever started it may not want to hear; that is no reason not to serve.
        warn!(error = %error, "nobody reads standard output");
    }
    service
        .run_until(async {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
        .await
}

#[expect(
    clippy::disallowed_methods,
    reason = "the user's folders are no configuration of ours"
)]
fn default_data_dir() -> anyhow::Result<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    match (set("XDG_DATA_HOME"), set("HOME")) {
        (Some(data), _) => Ok(data.join("proctor")),
        (None, Some(home)) => Ok(home.join(".local/share/proctor")),
        (None, None) => {
            bail!("there is no home folder to keep data in: name a folder with --data-dir")
        }
    }
}

/// The shim is installed beside this binary.
fn shim() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("cannot find the running binary")?;
    let shim = own.with_file_name("proctor-shim");
    if !shim.is_file() {
        bail!(
            "proctor-shim must be installed beside proctord, but {} is not there",
            shim.display()
        );
    }
    Ok(shim)
}

/// Says where it is and what to type next. Standard output carries nothing else.
fn print_welcome(service: &Service) -> std::io::Result<()> {
    let address = service.address();
    let data_dir = service.data_dir().display();
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "proctord {version} serves http://{address} from {data_dir}\n\n\
         In another terminal:\n\n\
         \x20 export PROCTOR_HOST={address}\n\
         \x20 proctor list\n\
         \x20 proctor execute count-down SECONDS_LEFT=3\n\n\
         Ctrl-C stops it; what runs then runs on, and the next start finds it again.",
        version = env!("CARGO_PKG_VERSION"),
    )?;
    out.flush()
}
