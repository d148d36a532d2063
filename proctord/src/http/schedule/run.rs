//! `POST /schedule/{id}/run`: runs a schedule now, as it would fire, but by the right and in the name of whoever asks.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::app::App;
use crate::domain::execution::Execution;
use crate::domain::schedule::Schedule;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::http::idempotency::of_request;
use crate::scheduler::{execution_of, look_up};
use crate::store::{AuditEntry, Idempotency, StoreError};
use crate::submission::{Means, SubmitError, settle};

pub(in crate::http) async fn run(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let schedule = super::find(&app, &access, &id).await?;
    let key = of_request(
        request.headers(),
        &("schedule.run", schedule.id.to_string()),
    )?;
    let audit = access.audit("schedule.run", "");
    let (service, user) = (app.clone(), access.asker.email.clone());
    let submitted = async move { submit(&service, &schedule, user, key, audit).await };
    let execution = app.work.to_the_end(submitted).await??;
    Ok(HttpResponse::Created().json(execution.to_api()))
}

async fn submit(
    app: &App,
    schedule: &Schedule,
    user: String,
    key: Option<Idempotency>,
    audit: AuditEntry,
) -> Result<Execution, SubmitError> {
    app.metrics.execution_wanted();
    let published = look_up(app.catalog.as_ref(), &schedule.definition.proc_name).await?;
    let means = Means {
        runner: app.runner.as_ref(),
        defaults: app.defaults,
    };
    let (mut new, mistakes) = execution_of(means, &app.replica, schedule, published.as_ref());
    new.user = user;
    let accepted = app.store.run_schedule(schedule.id, new, key, audit).await;
    if matches!(accepted, Err(StoreError::Unavailable { .. })) {
        // It may be stored though the store did not say so.
        app.tracker.doubt();
    }
    settle(app, &accepted?, mistakes, published.is_some()).await
}
