//! `GET /healthz`: the process answers. `GET /readyz`: store and catalog can be used now; if not, what is wrong
//! with which of them.

use actix_web::{HttpResponse, web};

use super::error::ApiError;
use crate::app::App;

pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("alive")
}

pub(super) async fn ready(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    app.readiness.probe().await.map_err(ApiError::NotReady)?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ready"))
}
