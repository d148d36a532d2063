//! `GET /healthz`: the process answers. `GET /readyz`: store and catalog can be used now; if not, which of them.
//! Why is for the log alone: probes are open to everybody.

use std::time::Duration;

use actix_web::{HttpResponse, web};
use tracing::warn;

use super::error::ApiError;
use crate::app::App;
use crate::telemetry::chain;

/// A probe gives up after a second or more; it should have heard which part is slow by then.
const PATIENCE: Duration = Duration::from_millis(900);

pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("alive")
}

pub(super) async fn ready(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    let (store, catalog) = tokio::join!(
        answers("store", app.store.check()),
        answers("catalog", app.catalog.check())
    );
    let failing: Vec<_> = [("store", store), ("catalog", catalog)]
        .into_iter()
        .filter_map(|(name, answers)| (!answers).then_some(name))
        .collect();
    if !failing.is_empty() {
        return Err(ApiError::NotReady(failing.join(", ")));
    }
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ready"))
}

async fn answers<E: std::error::Error>(
    name: &str,
    check: impl Future<Output = Result<(), E>>,
) -> bool {
    match tokio::time::timeout(PATIENCE, check).await {
        Ok(Ok(())) => true,
        Ok(Err(error)) => {
            warn!(error = chain(&error), "the {name} is not ready");
            false
        }
        Err(_) => {
            warn!("the {name} did not answer in time");
            false
        }
    }
}
