//! Two clients of one cluster, made from its configuration: one for requests, one for streams, which may last for
//! ever. Making them reads files and may run a program that logs in; neither happens on a thread of the runtime.

use std::time::Duration;

use jiff::Timestamp;
use kube::config::{ExecInteractiveMode, KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::fault::Trouble;
use crate::runner::kubernetes::settings::Access;

const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// A login is renewed this long before it ends.
const BEFORE_THE_END: jiff::SignedDuration = jiff::SignedDuration::from_secs(60);

/// A login that was refused or ends is made anew, but not more often than this.
const BETWEEN_LOGINS: Duration = Duration::from_secs(10);

/// The clients that are in use.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) requests: Client,
    pub(super) streams: Client,
    /// The namespace of the context or of the service account.
    pub(super) namespace: String,
    since: Instant,
    /// The cluster does not take its login.
    refused: bool,
}

impl Connection {
    /// Makes the clients; the cluster is not asked anything yet.
    pub(super) async fn open(access: &Access) -> Result<Self, Trouble> {
        let mut config = config(access).await?;
        config.connect_timeout = Some(CONNECT_PATIENCE);
        // Whoever calls tries again, with an eye on the whole time that it takes.
        config.default_retry = false;
        if let Some(exec) = config.auth_info.exec.as_mut() {
            exec.interactive_mode = Some(ExecInteractiveMode::Never);
        }
        let namespace = config.default_namespace.clone();
        let (requests, streams) = Handle::current()
            .spawn_blocking(move || {
                let streams = Client::try_from(config.clone())?;
                Ok::<_, kube::Error>((Client::try_from(config)?, streams))
            })
            .await?
            .map_err(Trouble::Connection)?;
        Ok(Self {
            requests,
            streams,
            namespace,
            since: Instant::now(),
            refused: false,
        })
    }

    /// Whether a new one is to be made: its login was refused, or ends now or soon.
    pub(super) fn is_over(&self) -> bool {
        let ends = [self.requests.valid_until(), self.streams.valid_until()];
        let soon = Timestamp::now() + BEFORE_THE_END;
        let ends_soon = ends.into_iter().flatten().any(|end| *end <= soon);
        (self.refused || ends_soon) && self.since.elapsed() > BETWEEN_LOGINS
    }

    /// Notes that the login of this one was refused, if it still is the same.
    pub(super) fn refuse(&mut self, used: &Self) {
        self.refused |= self.since == used.since;
    }
}

async fn config(access: &Access) -> Result<Config, Trouble> {
    let blocking = Handle::current();
    match access {
        Access::InCluster => Ok(blocking.spawn_blocking(Config::incluster).await??),
        Access::Kubeconfig { path, context } => {
            let path = path.clone();
            let read = move || match path {
                Some(path) => Kubeconfig::read_from(path),
                None => Kubeconfig::read(),
            };
            let kubeconfig = blocking.spawn_blocking(read).await??;
            let options = KubeConfigOptions {
                context: context.clone(),
                ..KubeConfigOptions::default()
            };
            Ok(Config::from_custom_kubeconfig(kubeconfig, &options).await?)
        }
    }
}
