//! How an execution begins, whichever route asks for it.

use actix_web::http::header::HeaderMap;
use actix_web::{HttpResponse, web};
use proctor_api::{IDEMPOTENCY_HEADER, Mistake};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::submission::{Submission, submit};

const KEY_LIMIT: usize = 255;

/// Submits, if the asker may, and answers with the status that was reached.
pub(super) async fn begin(
    app: &web::Data<App>,
    access: &Access,
    submission: Submission,
    action: &'static str,
) -> Result<HttpResponse, ApiError> {
    let metadata = app.catalog.proc(&submission.proc_name).await?;
    if let Some(metadata) = &metadata {
        access.check(&metadata.authorized_groups).await?;
    }
    let audit = access.audit(action, "");
    let service = app.clone();
    // What was asked about is what runs, whatever is published meanwhile.
    let submitted = async move { submit(&service, submission, metadata, audit).await };
    let execution = app.work.to_the_end(submitted).await??;
    Ok(HttpResponse::Created().json(execution.to_api()))
}

/// The key by which a repeated request finds the first one's execution.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Mistake> {
    match headers.get(IDEMPOTENCY_HEADER).map(|value| value.to_str()) {
        None => Ok(None),
        Some(Ok(key)) if !key.is_empty() && key.len() <= KEY_LIMIT => Ok(Some(key.to_owned())),
        Some(_) => {
            let message = format!("must be 1 to {KEY_LIMIT} ASCII characters");
            Err(Mistake::new(IDEMPOTENCY_HEADER, message))
        }
    }
}

pub(super) fn invalid(mistakes: Vec<Mistake>) -> ApiError {
    ApiError::Invalid {
        detail: "the request has mistakes".to_owned(),
        mistakes,
    }
}
