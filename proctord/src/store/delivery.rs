//! Deliveries as every store keeps them: callbacks, notifications and mails on their way out. What an event causes is
//! said in `caused`, once for all stores; how they are carried out is not known here.

mod caused;
mod listed;

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use async_trait::async_trait;
use jiff::SignedDuration;
use thiserror::Error;

use super::{AuditEntry, StoreError};
use crate::domain::id::ExecutionId;

pub use caused::{Audience, HeldSchedule, MailPayload, Outgoing, Release};
pub use listed::{Delivery, DeliveryCensus, DeliveryCursor, DeliveryFilter, DeliveryPage};

/// By what a delivery goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DeliveryKind {
    /// A POST to the URL that came with the execution.
    Callback,
    /// A call of a plugin.
    Notification,
    /// A mail to one address.
    Mail,
}

/// What has become of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    Pending,
    Delivered,
    /// Given up; it goes out again only if somebody says so.
    Dead,
}

/// A word that names no kind or state of deliveries.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("there are {0}")]
pub struct UnknownWord(&'static str);

impl DeliveryKind {
    pub const ALL: [Self; 3] = [Self::Callback, Self::Notification, Self::Mail];

    /// The name in the store and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Callback => "callback",
            Self::Notification => "notification",
            Self::Mail => "mail",
        }
    }
}

impl FromStr for DeliveryKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == word);
        found.ok_or(UnknownWord("callback, notification and mail"))
    }
}

impl fmt::Display for DeliveryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl DeliveryState {
    /// The name in the store and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

impl FromStr for DeliveryState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Pending, Self::Delivered, Self::Dead]
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or(UnknownWord("pending, delivered and dead"))
    }
}

/// Who may claim what.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Its lease must hold.
    pub replica: &'a str,
    /// The lanes that have enough to do.
    pub busy: &'a [String],
    /// When others may claim it, if nothing is heard of it until then.
    pub lifetime: SignedDuration,
    pub limit: NonZeroU32,
}

/// A delivery that is one's own for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    pub id: String,
    pub execution: Option<ExecutionId>,
    pub kind: DeliveryKind,
    pub target: String,
    /// Those of one lane share what could be slow.
    pub lane: String,
    /// JSON.
    pub payload: String,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// Since when it is tried.
    pub age: SignedDuration,
    /// The number under which alone it may be settled.
    pub claim: i64,
}

/// What has become of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    Delivered,
    /// It is to be tried again after this time.
    Later {
        error: String,
        after: SignedDuration,
    },
    /// It is given up.
    Dead {
        error: String,
    },
}

/// The deliveries of a store. They are written by the units of work that cause them.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Claims deliveries that are due, the longest due first; what a replica without a lease has claimed is due. What is claimed counts as tried, so that one that ends
    /// who tries it is given up like any other. Those that another replica claims this moment are left to it.
    async fn claim_deliveries(&self, claim: Claim<'_>) -> Result<Vec<Claimed>, StoreError>;

    /// Stores what has become of a delivery that was claimed, and tells whether it counts: it does not if somebody else
    /// has claimed it since.
    async fn settle_delivery(
        &self,
        claimed: &Claimed,
        settlement: &Settlement,
    ) -> Result<bool, StoreError>;

    /// A page of deliveries, newest first.
    async fn deliveries(
        &self,
        filter: &DeliveryFilter,
        after: Option<&DeliveryCursor>,
        limit: NonZeroU32,
    ) -> Result<DeliveryPage, StoreError>;

    /// Has a delivery that is dead or waits for its next try tried at once, with all the patience of a new one. It is
    /// audited.
    async fn retry_delivery(&self, id: &str, audit: AuditEntry) -> Result<Delivery, StoreError>;

    /// Forgets some deliveries that belong to no execution and were delivered or given up so long ago, at most so many,
    /// and tells how many. What is pending is never forgotten.
    async fn forget_deliveries(
        &self,
        older_than: SignedDuration,
        limit: NonZeroU32,
    ) -> Result<u64, StoreError>;

    /// How many there are, and how long the oldest one waits.
    async fn delivery_census(&self) -> Result<DeliveryCensus, StoreError>;
}
