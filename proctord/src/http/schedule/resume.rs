//! `POST /schedule/{id}/resume`: it fires again from now on, and is held no more.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn resume(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let schedule = super::find(&app, &access, &id).await?;
    let audit = access.audit("schedule.resume", id.as_str());
    let service = app.clone();
    let stored = async move { service.store.resume_schedule(schedule.id, audit).await };
    let schedule = app.work.to_the_end(stored).await??;
    Ok(HttpResponse::Ok().json(schedule.to_api()))
}
