//! `proctord start`: the service in production, with Postgres and Redis. It serves at once, and opens when they
//! are there; the schema is brought up to date by `proctord migrate` alone.

use std::io::Write;

use tracing::{info, warn};

use super::place::{StopSignals, place};
use crate::config::{Config, Purpose};
use crate::startup::Service;
use crate::telemetry;

pub(super) async fn run() -> anyhow::Result<()> {
    let loaded = Config::load(Purpose::Start)?;
    let config = &loaded.config;
    telemetry::start(&config.log.level, telemetry::format_for_reader());
    loaded.warn();
    let mut signals = StopSignals::listen()?;
    let place = place(config.execution.data_dir.clone())?;
    let service = Service::start(config, &place).await?;
    let told = format!(
        "proctord {} serves {}",
        env!("CARGO_PKG_VERSION"),
        service.url()
    );
    if let Err(error) = writeln!(std::io::stdout(), "{told}") {
        warn!(error = %error, "nobody reads standard output");
    }
    let opened = service.opened();
    let tell = async {
        opened.await;
        info!("open: what is stored can be used");
        std::future::pending().await
    };
    service
        .run_until(async {
            tokio::select! {
                () = signals.wait() => {}
                () = tell => {}
            }
        })
        .await
}
