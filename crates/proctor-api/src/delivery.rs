//! Deliveries on the wire.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A callback, a notification or a mail on its way out, or gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// By which a receiver tells repeats.
    pub id: String,
    /// Absent for what belongs to no execution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<u64>,
    /// `callback`, `notification` or `mail`.
    pub kind: String,
    /// A URL, a plugin or an address.
    pub target: String,
    /// `created`, `started`, `finished`, `stopped` or `schedule_held`.
    pub event: String,
    /// `pending`, `delivered` or `dead`.
    pub state: String,
    /// How often it was tried.
    pub attempts: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it is tried next; absent unless it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Answer of `GET /delivery`, newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct DeliveryPage {
    pub deliveries: Vec<Delivery>,
    /// Hand it back as `cursor` for the next page; absent on the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
