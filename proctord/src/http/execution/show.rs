//! `GET /execution/{id}`: one execution with every step of its life.

use actix_web::{HttpResponse, web};
use proctor_api::Transition;

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn show(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let execution = super::find(&app, &access, &id).await?;
    let steps = app.store.steps(execution.id).await?;
    let mut answer = execution.to_api();
    answer.transitions = steps
        .into_iter()
        .map(|step| Transition {
            status: step.status,
            at: step.at,
            reason: step.reason,
        })
        .collect();
    Ok(HttpResponse::Ok().json(answer))
}
