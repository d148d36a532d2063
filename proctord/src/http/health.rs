//! `GET /healthz`: the process answers. `GET /readyz`: store and catalog can be used now; if not, what is wrong
//! with which of them. A cluster that is away is told as well, but delays only what is accepted; so is a hold.

use actix_web::{HttpResponse, web};

use super::error::ApiError;
use crate::app::App;

pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("alive")
}

pub(super) async fn ready(app: web::Data<App>) -> Result<HttpResponse, ApiError> {
    let probed = app.readiness.probe().await;
    let body = match probed.map_err(ApiError::NotReady)? {
        None => "ready".to_owned(),
        Some(remark) => format!("ready; {remark}"),
    };
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body(body))
}
