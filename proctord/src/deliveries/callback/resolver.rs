//! Looks hosts up and judges their addresses. What it returns is what is connected to, so that a name cannot lead
//! elsewhere between the judgement and the connection.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use thiserror::Error;

use crate::domain::callback::AllowedHosts;

/// A resolver that gives only addresses which callbacks may go to.
pub(super) struct Judging {
    allowed: Arc<AllowedHosts>,
}

/// A name leads nowhere that may be reached.
#[derive(Debug, Error)]
#[error("{0} leads to the inner network alone: PROCTOR_CALLBACK_ALLOW must name that host itself")]
struct Inner(String);

impl Judging {
    pub(super) fn by(allowed: Arc<AllowedHosts>) -> Arc<Self> {
        Arc::new(Self { allowed })
    }
}

impl Resolve for Judging {
    fn resolve(&self, name: Name) -> Resolving {
        let allowed = Arc::clone(&self.allowed);
        Box::pin(async move {
            let host = name.as_str();
            // The port is set by who asked.
            let found = tokio::net::lookup_host((host, 0)).await?;
            let judged: Vec<SocketAddr> = found
                .filter(|address| allowed.admits_address(host, None, address.ip()))
                .collect();
            if judged.is_empty() {
                return Err(Inner(host.to_owned()).into());
            }
            Ok(Box::new(judged.into_iter()) as Addrs)
        })
    }
}
