//! What the service counts and measures, in the form that Prometheus reads. No label is taken from what a
//! client sends: routes are templates, methods and status classes are few, procs and ids are no labels.

mod schedules;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use proctor_api::Status;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::deliveries::Counts;
use crate::store::DeliveryCensus;

pub use schedules::ScheduleMetrics;

/// Upper ends of the buckets of durations, in seconds.
const SECONDS: [f64; 10] = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0];

/// Everything that is counted. It counts from the start of the process on; how many executions there are is
/// asked of the store.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// The Go system's one number: every try counts.
    executions: Counter,
    requests: Family<RequestLabels, Histogram>,
    stored: Family<StatusLabels, Gauge>,
    live: Gauge,
    lookouts: Counter,
    hold: Gauge,
    held: Gauge,
    tries: Counts,
    pending_deliveries: Gauge,
    dead_deliveries: Gauge,
    oldest_delivery: Gauge<f64, AtomicU64>,
    schedules: ScheduleMetrics,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let metrics = Self {
            registry: Registry::default(),
            executions: Counter::default(),
            requests: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            stored: Family::default(),
            live: Gauge::default(),
            lookouts: Counter::default(),
            hold: Gauge::default(),
            held: Gauge::default(),
            tries: Counts::default(),
            pending_deliveries: Gauge::default(),
            dead_deliveries: Gauge::default(),
            oldest_delivery: Gauge::default(),
            schedules: ScheduleMetrics::default(),
        };
        metrics.registered()
    }
}

impl Metrics {
    fn registered(mut self) -> Self {
        let registry = &mut self.registry;
        // The format adds `_total` to the name of a counter.
        registry.register(
            "execution",
            "The total number of executions",
            self.executions.clone(),
        );
        registry.register(
            "proctor_http_request_duration_seconds",
            "Time from a request to its answer",
            self.requests.clone(),
        );
        registry.register(
            "proctor_executions",
            "Executions that are stored, by status",
            self.stored.clone(),
        );
        registry.register(
            "proctor_executions_live",
            "Executions that have not ended",
            self.live.clone(),
        );
        registry.register(
            "proctor_log_lookouts",
            "Queries for logs that are followed here and written by other replicas",
            self.lookouts.clone(),
        );
        registry.register(
            "proctor_hold",
            "1 while a hold is in force after a restore, until `proctord recover` has ended it",
            self.hold.clone(),
        );
        registry.register(
            "proctor_executions_held",
            "Executions that are not started until `proctord recover` lets them go on",
            self.held.clone(),
        );
        self.schedules.register(registry);
        self.register_deliveries();
        self
    }

    fn register_deliveries(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "proctor_delivery_tries",
            "Tries to deliver by this process, by kind and by what they came to",
            self.tries.counters(),
        );
        registry.register(
            "proctor_deliveries_pending",
            "Deliveries that are still to be made",
            self.pending_deliveries.clone(),
        );
        registry.register(
            "proctor_deliveries_dead",
            "Deliveries that were given up",
            self.dead_deliveries.clone(),
        );
        registry.register(
            "proctor_deliveries_oldest_pending_seconds",
            "How long ago the oldest delivery was caused that is still to be made; 0 without one",
            self.oldest_delivery.clone(),
        );
    }

    /// Where tries to deliver are counted.
    #[must_use]
    pub fn tries(&self) -> Counts {
        self.tries.clone()
    }

    /// What is counted of schedules.
    #[must_use]
    pub fn schedules(&self) -> &ScheduleMetrics {
        &self.schedules
    }

    /// Counts an execution that somebody wants.
    pub fn execution_wanted(&self) {
        self.executions.inc();
    }

    /// Counts a query for logs that are followed here and written elsewhere.
    pub fn looked_out(&self) {
        self.lookouts.inc();
    }

    /// How many such queries there were.
    #[must_use]
    pub fn lookouts(&self) -> u64 {
        self.lookouts.get()
    }

    /// Measures an answer.
    pub fn answered(&self, method: &str, route: Option<String>, status: u16, took: Duration) {
        let labels = RequestLabels {
            method: known_method(method),
            route: route.unwrap_or_else(|| "none".to_owned()),
            status: class(status),
        };
        self.requests
            .get_or_create(&labels)
            .observe(took.as_secs_f64());
    }

    /// Everything, as it is now; `census` says how many executions of each status are stored, `held` how many a hold
    /// that is in force holds, `deliveries` how many of those there are.
    ///
    /// # Errors
    /// None that a text in memory could have.
    pub fn text(
        &self,
        census: &BTreeMap<Status, u64>,
        held: Option<u64>,
        deliveries: DeliveryCensus,
    ) -> Result<String, std::fmt::Error> {
        self.hold.set(held.is_some().into());
        self.held
            .set(i64::try_from(held.unwrap_or(0)).unwrap_or(i64::MAX));
        let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
        self.pending_deliveries.set(whole(deliveries.pending));
        self.dead_deliveries.set(whole(deliveries.dead));
        let oldest = deliveries.oldest.map_or(0.0, |age| age.as_secs_f64());
        self.oldest_delivery.set(oldest);
        let mut live = 0;
        for status in Status::ALL {
            let count = census.get(&status).copied().unwrap_or(0);
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            let labels = StatusLabels {
                status: status.as_str(),
            };
            self.stored.get_or_create(&labels).set(count);
            if !status.is_terminal() {
                live += count;
            }
        }
        self.live.set(live);
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

fn known_method(method: &str) -> &'static str {
    ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}

fn class(status: u16) -> &'static str {
    match status {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
