//! What is counted and measured of schedules.

use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper ends of the buckets of lateness, in seconds.
const SECONDS: [f64; 10] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 30.0, 60.0, 600.0];

/// The counts of schedules; clones count together.
#[derive(Debug, Clone)]
pub struct ScheduleMetrics {
    lateness: Histogram,
    firings: Counter,
    missed: Counter,
    held: Gauge,
}

impl Default for ScheduleMetrics {
    fn default() -> Self {
        Self {
            lateness: Histogram::new(SECONDS),
            firings: Counter::default(),
            missed: Counter::default(),
            held: Gauge::default(),
        }
    }
}

impl ScheduleMetrics {
    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "proctor_schedule_lateness_seconds",
            "Time from the moment of a schedule and its jitter to its execution being accepted",
            self.lateness.clone(),
        );
        // The format adds `_total` to the names of counters.
        registry.register(
            "proctor_schedule_firings",
            "Moments of schedules that fired",
            self.firings.clone(),
        );
        registry.register(
            "proctor_schedule_misfires",
            "Moments of schedules that were missed and did not fire",
            self.missed.clone(),
        );
        registry.register(
            "proctor_schedules_held",
            "Schedules that do not fire, with a notice that says why",
            self.held.clone(),
        );
    }

    /// Counts a moment that fired.
    pub fn fired(&self, lateness: Duration) {
        self.firings.inc();
        self.lateness.observe(lateness.as_secs_f64());
    }

    /// Counts moments that were missed and did not fire.
    pub fn missed(&self, count: u64) {
        self.missed.inc_by(count);
    }

    /// How many schedules are held now.
    pub fn held(&self, count: u64) {
        self.held.set(i64::try_from(count).unwrap_or(i64::MAX));
    }
}
