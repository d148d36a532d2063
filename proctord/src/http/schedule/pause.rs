//! `POST /schedule/{id}/pause`: nothing fires until it is resumed. One that is paused stays so.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn pause(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let schedule = super::find(&app, &access, &id).await?;
    let audit = access.audit("schedule.pause", id.as_str());
    let service = app.clone();
    let stored = async move { service.store.pause_schedule(schedule.id, audit).await };
    let schedule = app.work.to_the_end(stored).await??;
    Ok(HttpResponse::Ok().json(schedule.to_api()))
}
