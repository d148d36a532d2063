//! `GET /metrics`: what is counted and measured, for Prometheus.

use actix_web::{HttpResponse, web};

use super::error::ApiError;
use crate::app::{App, Broken};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) async fn show(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    let census = app.store.census().await?;
    let held = app.store.hold().await?.map(|hold| hold.held);
    let deliveries = app.store.delivery_census().await?;
    let schedules = app.store.held_schedules().await?;
    app.metrics.schedules().held(schedules);
    let text = app
        .metrics
        .text(&census, held, deliveries)
        .map_err(|_| Broken)?;
    Ok(HttpResponse::Ok().content_type(OPEN_METRICS).body(text))
}
