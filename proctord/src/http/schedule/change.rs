//! `PUT /schedule/{id}`: makes another one of a schedule, at once. Whoever changes it is its owner from then on: what it
//! may run is what they may.

use actix_web::{HttpResponse, web};
use proctor_api::ScheduleRequest;

use super::wanted::{answer, new_schedule};
use crate::app::App;
use crate::http::access::Access;
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::http::metadata::breaks;

pub(in crate::http) async fn change(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let request: ScheduleRequest = body.object("Malformed request").await?;
    let before = super::find(&app, &access, &id).await?;
    let mut new = new_schedule(&app, &access, &request).await?;
    // What is not said stays as it is.
    new.paused = request.enabled.map_or(before.paused, |enabled| !enabled);
    let audit = access.audit("schedule.change", id.as_str());
    let service = app.clone();
    let stored = async move {
        let schedule = service.store.change_schedule(before.id, new, audit).await?;
        breaks::look_again(&service, &access, schedule).await
    };
    let schedule = app.work.to_the_end(stored).await??;
    Ok(HttpResponse::Ok().json(answer(&app, &schedule, schedule.updated_at)))
}
