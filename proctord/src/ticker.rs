//! Ticks by the clock: at the times of a cron pattern it pokes a loop, which looks for itself what is to be done. It
//! carries nothing out and keeps nothing; a tick that comes late, twice or not at all costs a look and nothing else.
//! Which moments schedules have is `proctor-cron`'s business, and what fires is the store's.

use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler, JobSchedulerError};
use tracing::error;

use crate::telemetry::chain;

/// More than are ever under way: what overflows is a tick that is not told.
const CHANNEL_SIZE: usize = 1024;

/// Who is poked, and when.
#[derive(Debug, Clone)]
pub struct Tick {
    /// Second, minute, hour, day of the month, month, day of the week; in UTC.
    pub pattern: &'static str,
    pub poke: Arc<Notify>,
}

/// Ticks until it is dropped.
///
/// The tasks of a `JobScheduler` hold each other, so its `shutdown` leaves most of them behind. They have a runtime of
/// their own, and end with it.
#[derive(Debug)]
pub struct Ticker {
    runtime: Option<Runtime>,
}

impl Ticker {
    /// Begins to tick.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(ticks: Vec<Tick>) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("ticker")
            .enable_time()
            .build()?;
        runtime.spawn(async {
            if let Err(error) = tick(ticks).await {
                error!(error = chain(&error), "nothing ticks");
            }
        });
        Ok(Self {
            runtime: Some(runtime),
        })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Has everybody poked from now on, by tasks of this runtime.
async fn tick(ticks: Vec<Tick>) -> Result<(), JobSchedulerError> {
    let scheduler = JobScheduler::new_with_channel_size(CHANNEL_SIZE).await?;
    for Tick { pattern, poke } in ticks {
        let job = Job::new(pattern, move |_, _| poke.notify_one())?;
        scheduler.add(job).await?;
    }
    scheduler.start().await
}

#[cfg(test)]
mod tests;
