//! How many tries came to what.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

use crate::store::{DeliveryKind, Settlement};

/// Counters of tries, which may be read while they are counted.
pub type TryCounters = Family<TryLabels, Counter>;

/// What a try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Delivered,
    Failed,
    Dead,
}

/// How a counter is told apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct TryLabels {
    kind: &'static str,
    outcome: &'static str,
}

/// What was tried since this process began.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    tries: TryCounters,
}

impl Outcome {
    pub(super) fn of(settlement: &Settlement) -> Self {
        match settlement {
            Settlement::Delivered => Self::Delivered,
            Settlement::Later { .. } => Self::Failed,
            Settlement::Dead { .. } => Self::Dead,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }
}

impl Counts {
    /// Counts a try.
    pub(super) fn tried(&self, kind: DeliveryKind, outcome: Outcome) {
        let labels = TryLabels {
            kind: kind.as_str(),
            outcome: outcome.as_str(),
        };
        self.tries.get_or_create(&labels).inc();
    }

    /// The counters, to be shown.
    #[must_use]
    pub fn counters(&self) -> TryCounters {
        self.tries.clone()
    }
}
