//! `POST /execution`: has a proc executed.

use actix_web::{HttpRequest, HttpResponse, web};
use proctor_api::{ExecutionRequest, IDEMPOTENCY_HEADER, Mistake};

use crate::app::App;
use crate::domain::name::ProcName;
use crate::http::access::Access;
use crate::http::body;
use crate::http::error::ApiError;
use crate::submission::{Submission, submit};

const KEY_LIMIT: usize = 255;
const CALLBACK_LIMIT: usize = 2048;

pub(in crate::http) async fn create(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, ApiError> {
    let wanted: ExecutionRequest =
        body::object(payload, "Failed to parse request body from CLI").await?;
    let submission = parse(wanted, &request, &access)?;
    if let Some(metadata) = app.catalog.proc(&submission.proc_name).await? {
        access.check(&metadata.authorized_groups)?;
    }
    let audit = access.audit("execution.create", "");
    let service = app.clone();
    let submitted = async move { submit(&service, submission, audit).await };
    let execution = app.work.to_the_end(submitted).await??;
    Ok(HttpResponse::Created().json(execution.to_api()))
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
    if wanted
        .callback_url
        .as_deref()
        .is_some_and(|url| !is_http_url(url))
    {
        mistakes.push(Mistake::new("callback_url", "must be an http or https URL"));
    }
    let idempotency_key = match request
        .headers()
        .get(IDEMPOTENCY_HEADER)
        .map(|value| value.to_str())
    {
        None => None,
        Some(Ok(key)) if !key.is_empty() && key.len() <= KEY_LIMIT => Some(key.to_owned()),
        Some(_) => {
            let message = format!("must be 1 to {KEY_LIMIT} ASCII characters");
            mistakes.push(Mistake::new(IDEMPOTENCY_HEADER, message));
            None
        }
    };
    match proc_name {
        Ok(proc_name) if mistakes.is_empty() => Ok(Submission {
            proc_name,
            args: wanted.args.unwrap_or_default(),
            callback_url: wanted.callback_url,
            user: access.asker.email.clone(),
            idempotency_key,
        }),
        _ => Err(ApiError::Invalid {
            detail: "the request has mistakes".to_owned(),
            mistakes,
        }),
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
