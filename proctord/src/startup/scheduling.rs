//! Firing schedules and nothing else: no requests, no executions of its own. What it fires belongs to a replica that
//! never has a lease, so whoever serves and runs takes it over.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use tracing::{info, warn};
use uuid::Uuid;

use super::{Backing, Place, doorkeeper::Doorkeeper, heed_hold};
use crate::config::Config;
use crate::domain::execution::RunnerKind;
use crate::metrics::Metrics;
use crate::runner::kubernetes::KubernetesRunner;
use crate::scheduler::{Launch, Parts, Scheduler};
use crate::store::Store;
use crate::telemetry::chain;
use crate::ticker::Ticker;

/// Between two looks whether the database can be used.
const BETWEEN_LOOKS: Duration = Duration::from_secs(1);

/// Fires schedules until `stop` resolves.
///
/// # Errors
/// Whatever keeps it from starting.
pub(crate) async fn fire_until(
    config: &Config,
    place: &Place,
    stop: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    if config.execution.runner != RunnerKind::Kubernetes {
        bail!(
            "start-scheduler launches nothing itself, and what runs on a host is that host's: with \
             PROCTOR_RUNNER={} every `proctord start` fires schedules",
            config.execution.runner
        );
    }
    let doorkeeper = Doorkeeper::start(config, &place.program).await?;
    let backing = Backing::servers(config)?;
    let spill = place.data_dir.join("spill");
    let settings = config
        .kubernetes
        .settings(config.execution.stop_grace, spill);
    let runner = KubernetesRunner::open(settings).await?;
    let store = backing.store();
    let scheduler = Scheduler::new(Parts {
        store: Arc::clone(&store),
        catalog: backing.catalog(),
        runner: Arc::new(runner),
        defaults: config.kubernetes.defaults,
        authentication: doorkeeper.authentication,
        policy: doorkeeper.policy,
        replica: crate::store::Replica {
            id: Uuid::new_v4().to_string(),
            host: String::new(),
        },
        launch: Launch::Elsewhere,
        metrics: Metrics::default().schedules().clone(),
    });
    let ticker = Ticker::start(vec![scheduler.tick()]).context("cannot tick")?;
    let firing = async {
        open(store.as_ref(), config.execution.hold.as_deref()).await;
        info!("schedules fire");
        scheduler.run().await;
    };
    tokio::select! {
        () = stop => info!("stopping"),
        () = firing => {}
    }
    drop(ticker);
    drop(scheduler);
    drop(store);
    backing.close().await;
    Ok(())
}

/// Waits for the database, and heeds a hold before anything fires.
async fn open(store: &dyn Store, hold: Option<&str>) {
    let mut told = false;
    loop {
        let opened = async {
            store.check().await?;
            match hold {
                // Without a word nothing is forgotten: that is for those who run executions.
                None => Ok(()),
                word => heed_hold(store, word).await,
            }
        };
        match opened.await {
            Ok(()) => return,
            Err(error) if told => tracing::debug!(error = chain(&error), "not open yet"),
            Err(error) => {
                warn!(error = chain(&error), "the database cannot be used yet");
                told = true;
            }
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}
