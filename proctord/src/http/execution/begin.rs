//! How an execution begins, whichever route asks for it.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::submission::{Submission, submit};

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
