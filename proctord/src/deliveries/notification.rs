//! Notifications: calls of plugins, each of which is told of the events that are meant for it.

use proctor_plugin::{Event, EventKind};
use serde::de::IgnoredAny;

use super::error::DeliveryError;
use super::log_end;
use crate::plugins::Plugin;
use crate::store::{Claimed, Store};

const NOTIFY: &str = "notify";

/// The plugins that are told of what happens, by the names that the configuration gives them.
#[derive(Clone, Default)]
pub struct Notifications {
    plugins: Vec<(String, Plugin)>,
}

impl Notifications {
    /// These plugins.
    #[must_use]
    pub fn of(plugins: Vec<(String, Plugin)>) -> Self {
        Self { plugins }
    }

    pub(super) async fn carry(
        &self,
        store: &dyn Store,
        claimed: &Claimed,
    ) -> Result<(), DeliveryError> {
        let plugin = self
            .plugins
            .iter()
            .find(|(name, _)| *name == claimed.target);
        let (_, plugin) = plugin.ok_or_else(|| DeliveryError::NoPlugin(claimed.target.clone()))?;
        let mut event: Event = serde_json::from_str(&claimed.payload)?;
        if let Some(id) = claimed.execution
            && matches!(event.event, EventKind::Finished | EventKind::Stopped)
        {
            let is_complete = log_end::is_complete(store, id).await?;
            let content = &mut event.content;
            content.insert("LogComplete".to_owned(), is_complete.to_string());
        }
        let _: IgnoredAny = plugin.call(NOTIFY, &event).await?;
        Ok(())
    }
}
