//! `POST /execution/{id}/rerun`: has the same proc executed with the same args, as it is published today. The
//! values that defaults had the first time are given again; the callback is not, it was somebody else's wish.

use actix_web::{HttpRequest, HttpResponse, web};
use proctor_api::Mistake;

use super::begin::begin;
use crate::app::App;
use crate::domain::execution::Execution;
use crate::domain::lifecycle::{Legacy, State};
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::http::idempotency::{invalid, key_of};
use crate::submission::Submission;

pub(in crate::http) async fn rerun(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let first = super::find(&app, &access, &id).await?;
    check(&first)?;
    let idempotency_key = key_of(request.headers()).map_err(|mistake| invalid(vec![mistake]))?;
    let args = first.plan.args.iter();
    let submission = Submission {
        proc_name: first.proc_name.clone(),
        args: args
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect(),
        callback_url: None,
        user: access.asker.email.clone(),
        idempotency_key,
        rerun_of: Some(first.id),
    };
    begin(&app, &access, submission, "execution.rerun").await
}

/// What was refused never ran, and its args were not taken. Of an execution of version 2 everything must be
/// known.
fn check(first: &Execution) -> Result<(), ApiError> {
    let message = match &first.state {
        State::RequirementNotMet { .. } => format!(
            "{} was refused, so there is nothing to run again; execute {} with the args you want",
            first.id, first.proc_name
        ),
        State::Legacy(Legacy {
            reason: Some(reason),
            ..
        }) => format!(
            "{} was not imported whole ({reason}), so it cannot be run again",
            first.id
        ),
        _ => return Ok(()),
    };
    Err(invalid(vec![Mistake::new("execution", message)]))
}
