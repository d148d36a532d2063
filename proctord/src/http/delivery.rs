//! The routes of deliveries, and how one is shown.

mod list;
mod retry;

use crate::store::{Delivery, DeliveryState};

pub(super) use list::list;
pub(super) use retry::retry;

fn to_api(delivery: Delivery) -> proctor_api::Delivery {
    let is_pending = delivery.state == DeliveryState::Pending;
    proctor_api::Delivery {
        id: delivery.id,
        execution_id: delivery.execution.map(Into::into),
        kind: delivery.kind.as_str().to_owned(),
        target: delivery.target,
        event: delivery.event,
        state: delivery.state.as_str().to_owned(),
        attempts: delivery.attempts,
        last_error: delivery.last_error,
        next_at: is_pending.then_some(delivery.next_at),
        created_at: delivery.created_at,
        updated_at: delivery.updated_at,
    }
}
