//! `POST /execution/{id}/stop`: stores the wish that an execution end, and has it acted upon. The answer does
//! not wait for the end.

use actix_web::{HttpResponse, web};
use jiff::Timestamp;
use proctor_api::StopRequest;

use crate::app::App;
use crate::domain::lifecycle::StopIntent;
use crate::http::access::Access;
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::store::StoreError;

pub(in crate::http) async fn stop(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let wanted: StopRequest = body.object_or_nothing("malformed request").await?;
    let execution = super::find(&app, &access, &id).await?;
    let intent = StopIntent {
        by: access.asker.email.clone(),
        at: Timestamp::now(),
        grace_seconds: wanted.grace_seconds,
    };
    let audit = access.audit("execution.stop", execution.id.to_string());
    let service = app.clone();
    let stopped = async move {
        let stopped = service
            .store
            .request_stop(execution.id, intent, audit)
            .await;
        match &stopped {
            Ok(execution) => service.tracker.stop(execution.clone()),
            Err(StoreError::Unavailable { .. }) => service.tracker.doubt(),
            Err(_) => {}
        }
        stopped
    };
    let execution = app.work.to_the_end(stopped).await??;
    Ok(HttpResponse::Ok().json(execution.to_api()))
}
