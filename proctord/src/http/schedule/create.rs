//! `POST /schedule`: has a proc run at times to come.

use actix_web::{HttpResponse, web};
use proctor_api::ScheduleRequest;

use super::wanted::{answer, new_schedule};
use crate::app::App;
use crate::http::access::Access;
use crate::http::body::Body;
use crate::http::error::ApiError;

pub(in crate::http) async fn create(
    app: web::Data<App>,
    access: Access,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let request: ScheduleRequest = body.object("Malformed request").await?;
    let new = new_schedule(&app, &access, &request).await?;
    let audit = access.audit("schedule.create", "");
    let service = app.clone();
    let stored = async move { service.store.create_schedule(new, audit).await };
    let schedule = app.work.to_the_end(stored).await??;
    Ok(HttpResponse::Created().json(answer(&app, &schedule, schedule.created_at)))
}
