//! `POST /schedule`: has a proc run at times to come.

use actix_web::{HttpRequest, HttpResponse, web};
use proctor_api::ScheduleRequest;

use super::wanted::{answer, new_schedule};
use crate::app::App;
use crate::domain::schedule::Schedule;
use crate::http::access::Access;
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::http::idempotency::of_request;
use crate::http::metadata::breaks;
use crate::store::Idempotency;

pub(in crate::http) async fn create(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let wanted: ScheduleRequest = body.object("Malformed request").await?;
    let key = of_request(request.headers(), &("schedule.create", &wanted))?;
    let schedule = match of_before(&app, &access, key.as_ref()).await? {
        Some(before) => before,
        None => store(&app, access, &wanted, key).await?,
    };
    Ok(HttpResponse::Created().json(answer(&app, &schedule, schedule.created_at)))
}

/// What this request has made before. It is looked for first, since the request may be a mistake by now: its moment may
/// have come.
async fn of_before(
    app: &App,
    access: &Access,
    key: Option<&Idempotency>,
) -> Result<Option<Schedule>, ApiError> {
    let Some(key) = key else { return Ok(None) };
    let before = app.store.schedule_of_key(&access.asker.email, key).await?;
    if let Some(before) = &before {
        super::check(app, access, before).await?;
    }
    Ok(before)
}

async fn store(
    app: &web::Data<App>,
    access: Access,
    wanted: &ScheduleRequest,
    key: Option<Idempotency>,
) -> Result<Schedule, ApiError> {
    let new = new_schedule(app, &access, wanted).await?;
    let audit = access.audit("schedule.create", "");
    let service = app.clone();
    let stored = async move {
        let schedule = service.store.create_schedule(new, key, audit).await?;
        breaks::look_again(&service, &access, schedule).await
    };
    app.work.to_the_end(stored).await?
}
