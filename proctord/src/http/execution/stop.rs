//! `POST /execution/{id}/stop`: stores the wish that an execution end, and has it acted upon. The answer does
//! not wait for the end. With `force`, what does not end is given up.

use actix_web::{HttpResponse, web};
use jiff::Timestamp;
use proctor_api::StopRequest;

use crate::app::App;
use crate::domain::execution::Execution;
use crate::domain::lifecycle::StopIntent;
use crate::http::access::Access;
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::policy::Action;
use crate::store::StoreError;

pub(in crate::http) async fn stop(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let wanted: StopRequest = body.object_or_nothing("malformed request").await?;
    let execution = super::find(&app, &access, &id).await?;
    if wanted.force {
        access.check_admin(Action::ForceStop).await?;
    }
    let service = app.clone();
    let stopped = store(service, access, execution, wanted);
    let execution = app.work.to_the_end(stopped).await??;
    Ok(HttpResponse::Ok().json(execution.to_api()))
}

/// Stores what is wanted, and tells whoever acts on it.
async fn store(
    app: web::Data<App>,
    access: Access,
    execution: Execution,
    wanted: StopRequest,
) -> Result<Execution, ApiError> {
    let id = execution.id;
    let intent = StopIntent {
        by: access.asker.email.clone(),
        at: Timestamp::now(),
        grace_seconds: wanted.grace_seconds,
    };
    let stored = if wanted.force {
        let audit = access.audit("execution.force_stop", id.to_string());
        app.store.give_up(id, intent, audit).await
    } else {
        let audit = access.audit("execution.stop", id.to_string());
        app.store.request_stop(id, intent, audit).await
    };
    match &stored {
        Ok(execution) => app.tracker.stop(execution.clone()),
        Err(StoreError::Unavailable { .. }) => app.tracker.doubt(),
        Err(_) => {}
    }
    stored.map_err(|error| match error {
        StoreError::Forbidden(_) => ApiError::NotStopped(id),
        other => other.into(),
    })
}
