//! `proctord start-scheduler`: fires schedules apart from those who serve and run. It needs what they need, but listens
//! nowhere.

use super::place::{StopSignals, place};
use crate::config::{Config, Purpose};
use crate::startup;
use crate::telemetry;

pub(super) async fn run() -> anyhow::Result<()> {
    let loaded = Config::load(Purpose::Start)?;
    let config = &loaded.config;
    telemetry::start(&config.log.level, telemetry::format_for_reader());
    loaded.warn();
    let mut signals = StopSignals::listen()?;
    let place = place(config.execution.data_dir.clone())?;
    startup::fire_until(config, &place, signals.wait()).await
}
