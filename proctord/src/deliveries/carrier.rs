//! By what a delivery goes out. Each kind has a carrier; what is not configured here fails, for another replica may
//! have it.

use super::callback::Callbacks;
use super::error::DeliveryError;
use super::mail::Mails;
use super::notification::Notifications;
use crate::store::{Claimed, DeliveryKind, Store};

/// What there is to carry deliveries out.
pub struct Carriers {
    pub callbacks: Callbacks,
    pub notifications: Notifications,
    /// Absent if there is no mail server.
    pub mails: Option<Mails>,
}

impl Carriers {
    /// Tries to deliver.
    pub(super) async fn carry(
        &self,
        store: &dyn Store,
        claimed: &Claimed,
    ) -> Result<(), DeliveryError> {
        match claimed.kind {
            DeliveryKind::Callback => self.callbacks.carry(store, claimed).await,
            DeliveryKind::Notification => self.notifications.carry(store, claimed).await,
            DeliveryKind::Mail => {
                let mails = self.mails.as_ref().ok_or(DeliveryError::NoMailServer)?;
                mails.carry(store, claimed).await
            }
        }
    }
}
