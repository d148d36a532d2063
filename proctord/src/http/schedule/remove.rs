//! `DELETE /schedule/{id}`: a schedule never fires again, from now on. What became of its moments can still be read.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::http::render;

pub(in crate::http) async fn remove(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let schedule = super::find(&app, &access, &id).await?;
    let audit = access.audit("schedule.remove", id.as_str());
    let service = app.clone();
    let stored = async move { service.store.remove_schedule(schedule.id, audit).await };
    app.work.to_the_end(stored).await??;
    if render::reads_json(request.headers()) {
        return Ok(HttpResponse::NoContent().finish());
    }
    Ok(HttpResponse::Ok().body("Schedule delete is successful"))
}
