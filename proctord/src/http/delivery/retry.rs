//! `POST /delivery/{id}/retry`: has a delivery tried at once that was given up or waits for its next try.

use actix_web::{HttpResponse, web};

use super::to_api;
use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn retry(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let id = id.into_inner();
    let audit = access.audit("delivery.retry", id.clone());
    let service = app.clone();
    let retried = async move { service.store.retry_delivery(&id, audit).await };
    let delivery = app.work.to_the_end(retried).await??;
    Ok(HttpResponse::Ok().json(to_api(delivery)))
}
