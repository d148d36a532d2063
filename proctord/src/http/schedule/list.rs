//! `GET /schedule`: the schedules that the asker may see, oldest first. Those that are paused are among them.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::domain::schedule::Schedule;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::http::render;

pub(in crate::http) async fn list(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let schedules = app.store.schedules(None).await?;
    let schedules = super::permitted(&app, &access, schedules).await?;
    // The Go system has no empty list.
    if schedules.is_empty() && !render::reads_json(request.headers()) {
        return Ok(HttpResponse::NoContent().finish());
    }
    let schedules: Vec<_> = schedules.iter().map(Schedule::to_api).collect();
    Ok(HttpResponse::Ok().json(schedules))
}
