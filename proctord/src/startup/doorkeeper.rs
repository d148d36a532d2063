//! The plugins that the configuration names, started and looked at before anything is served: a service that cannot
//! tell who asks must not begin, and one that cannot tell of what happens should say so at once.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use proctor_plugin::Kind;
use tracing::info;

use crate::authentication::Authentication;
use crate::config::{Config, PluginChoice};
use crate::deliveries::Notifications;
use crate::plugins::{Plugin, Spec};
use crate::policy::Policy;

/// Who is let in and what to, and who is told of it.
pub(super) struct Doorkeeper {
    pub(super) policy: Policy,
    pub(super) authentication: Option<Arc<Authentication>>,
    pub(super) notifications: Notifications,
}

impl Doorkeeper {
    /// Starts every plugin.
    pub(super) async fn start(config: &Config, program: &Path) -> anyhow::Result<Self> {
        let mut notifications = Vec::new();
        for choice in &config.plugins.notifications {
            let plugin = start(config, program, Kind::Notification, choice).await;
            let plugin = plugin.context("cannot start a plugin for notifications")?;
            notifications.push((choice.known_as(), plugin));
        }
        let notifications = Notifications::of(notifications);
        let rules = &config.authentication;
        let Some(choice) = &rules.plugin else {
            return Ok(Self {
                policy: Policy::AllowAll,
                authentication: None,
                notifications,
            });
        };
        let plugin = start(config, program, Kind::Auth, choice).await;
        let plugin = plugin.context("cannot authenticate anybody")?;
        let authentication = Authentication::by(plugin, rules.cache, rules.rate_limit);
        Ok(Self {
            policy: Policy::Groups {
                admin: rules.admin_groups.clone(),
            },
            authentication: Some(Arc::new(authentication)),
            notifications,
        })
    }
}

async fn start(
    config: &Config,
    program: &Path,
    kind: Kind,
    choice: &PluginChoice,
) -> anyhow::Result<Plugin> {
    let plugin = Plugin::start(Spec {
        file: choice.file.clone(),
        name: choice.name.clone(),
        kind,
        deadline: config.plugins.deadline,
        program: program.to_owned(),
    });
    let plugin = plugin.await?;
    info!(plugin = plugin.name(), file = %choice.file.display(), "a plugin is there");
    Ok(plugin)
}
