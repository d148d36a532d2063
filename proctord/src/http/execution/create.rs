//! `POST /execution`: has a proc executed.

use actix_web::{HttpRequest, HttpResponse, web};
use proctor_api::{ExecutionRequest, Mistake};

use super::begin::{begin, idempotency_key, invalid};
use crate::app::App;
use crate::domain::name::ProcName;
use crate::http::access::Access;
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::submission::Submission;

const CALLBACK_LIMIT: usize = 2048;

pub(in crate::http) async fn create(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let wanted: ExecutionRequest = body.object("Failed to parse request body from CLI").await?;
    let submission = parse(wanted, &request, &access)?;
    begin(&app, &access, submission, "execution.create").await
}

fn parse(
    wanted: ExecutionRequest,
    request: &HttpRequest,
    access: &Access,
) -> Result<Submission, ApiError> {
    let mut mistakes = Vec::new();
    let proc_name = wanted.name.parse::<ProcName>();
    if let Err(error) = &proc_name {
        mistakes.push(Mistake::new("name", error.to_string()));
    }
    // The Go system's client sends an empty one.
    let callback_url = wanted.callback_url.filter(|url| !url.is_empty());
    if callback_url.as_deref().is_some_and(|url| !is_http_url(url)) {
        mistakes.push(Mistake::new("callback_url", "must be an http or https URL"));
    }
    let idempotency_key = idempotency_key(request.headers()).unwrap_or_else(|mistake| {
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

fn is_http_url(text: &str) -> bool {
    let authority = text
        .strip_prefix("http://")
        .or_else(|| text.strip_prefix("https://"));
    text.len() <= CALLBACK_LIMIT
        && text.bytes().all(|byte| byte.is_ascii_graphic())
        && authority.is_some_and(|authority| !authority.is_empty() && !authority.starts_with('/'))
}
