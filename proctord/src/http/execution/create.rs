//! `POST /execution`: has a proc executed.

use actix_web::{HttpRequest, HttpResponse, web};
use proctor_api::{ExecutionRequest, Mistake};

use super::begin::begin;
use crate::app::App;
use crate::domain::callback::AllowedHosts;
use crate::domain::name::ProcName;
use crate::http::access::Access;
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::http::idempotency::{invalid, key_of};
use crate::submission::Submission;

pub(in crate::http) async fn create(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let wanted: ExecutionRequest = body.object("Failed to parse request body from CLI").await?;
    let submission = parse(wanted, &request, &access, &app.callbacks)?;
    begin(&app, &access, submission, "execution.create").await
}

fn parse(
    wanted: ExecutionRequest,
    request: &HttpRequest,
    access: &Access,
    callbacks: &AllowedHosts,
) -> Result<Submission, ApiError> {
    let mut mistakes = Vec::new();
    let proc_name = wanted.name.parse::<ProcName>();
    if let Err(error) = &proc_name {
        mistakes.push(Mistake::new("name", error.to_string()));
    }
    // The Go system's client sends an empty one.
    let callback_url = wanted.callback_url.filter(|url| !url.is_empty());
    if let Some(url) = &callback_url
        && let Err(error) = callbacks.admit(url)
    {
        mistakes.push(Mistake::new("callback_url", error.to_string()));
    }
    let idempotency_key = key_of(request.headers()).unwrap_or_else(|mistake| {
        mistakes.push(mistake);
        None
    });
    match proc_name {
        Ok(proc_name) if mistakes.is_empty() => Ok(Submission {
            proc_name,
            args: wanted.args.unwrap_or_default(),
            callback_url,
            user: access.asker.email.clone(),
            idempotency_key,
            rerun_of: None,
        }),
        _ => Err(invalid(mistakes)),
    }
}
