//! Deliveries as people look at them.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};

use super::{DeliveryKind, DeliveryState};
use crate::domain::id::ExecutionId;

/// A delivery as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    pub id: String,
    pub execution: Option<ExecutionId>,
    pub kind: DeliveryKind,
    pub target: String,
    /// What has happened, in the words of notifications.
    pub event: String,
    pub state: DeliveryState,
    pub attempts: u32,
    pub last_error: Option<String>,
    /// When it is tried next, or when a claim runs out.
    pub next_at: Timestamp,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Which deliveries a list shows.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    pub kind: Option<DeliveryKind>,
    pub state: Option<DeliveryState>,
    pub execution: Option<ExecutionId>,
}

/// Where a page ends: lists run from new to old by (created_at, id).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryCursor {
    pub created_at: Timestamp,
    pub id: String,
}

/// One page of a list.
#[derive(Debug, Clone)]
pub struct DeliveryPage {
    pub deliveries: Vec<Delivery>,
    pub next: Option<DeliveryCursor>,
}

impl DeliveryPage {
    /// A page of the rows that were found when one more than its limit was asked for.
    pub(in crate::store) fn of(mut deliveries: Vec<Delivery>, limit: NonZeroU32) -> Self {
        let limit = limit.get() as usize;
        let more = deliveries.len() > limit;
        deliveries.truncate(limit);
        let next = deliveries
            .last()
            .filter(|_| more)
            .map(|delivery| DeliveryCursor {
                created_at: delivery.created_at,
                id: delivery.id.clone(),
            });
        Self { deliveries, next }
    }
}

/// How many deliveries there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryCensus {
    pub pending: u64,
    pub dead: u64,
    /// How long ago the oldest pending one was written.
    pub oldest: Option<SignedDuration>,
}
