//! `proctord dev`: the whole service on one machine, with nothing installed.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use tracing::warn;

use super::place::{StopSignals, place};
use crate::config::{Config, Purpose};
use crate::startup::Service;
use crate::telemetry;

#[derive(Debug, Args)]
pub(super) struct Dev {
    /// Where everything is kept [default: $PROCTOR_DATA_DIR, or proctor in $XDG_DATA_HOME or ~/.local/share]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

pub(super) async fn run(dev: Dev) -> anyhow::Result<()> {
    let loaded = Config::load(Purpose::Dev)?;
    let config = &loaded.config;
    telemetry::start(&config.log.level, telemetry::Format::Text);
    loaded.warn();
    let mut signals = StopSignals::listen()?;
    let place = place(dev.data_dir.or_else(|| config.execution.data_dir.clone()))?;
    let service = Service::dev(config, &place).await?;
    let welcome = welcome(&service);
    let opened = service.opened();
    let greet = async {
        opened.await;
        if let Err(error) = print(&welcome) {
            // Whoever started it may not want to hear; that is no reason not to serve.
            warn!(error = %error, "nobody reads standard output");
        }
        std::future::pending().await
    };
    service
        .run_until(async {
            tokio::select! {
                () = signals.wait() => {}
                () = greet => {}
            }
        })
        .await
}

/// Says where it is and what to type next. Standard output carries nothing else.
fn welcome(service: &Service) -> String {
    let url = service.url();
    // The command line takes an address without a scheme for plain HTTP.
    let host = url.strip_prefix("http://").unwrap_or(&url);
    format!(
        "proctord {version} serves {url} from {data_dir}\n\n\
         In another terminal:\n\n\
         \x20 export PROCTOR_HOST={host}\n\
         \x20 proctor list\n\
         \x20 proctor execute count-down SECONDS_LEFT=3\n\n\
         Ctrl-C stops it; what runs then runs on, and the next start finds it again.\n",
        version = env!("CARGO_PKG_VERSION"),
        data_dir = service.data_dir().display(),
    )
}

fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
