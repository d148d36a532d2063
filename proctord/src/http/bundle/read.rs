//! `GET /bundle/{digest}`: the files of a proc as the archive that was put there.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn read(
    app: web::Data<App>,
    _admitted: Access,
    digest: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    match app.catalog.bundle(&digest).await? {
        Some(archive) => Ok(HttpResponse::Ok()
            .content_type("application/x-tar")
            .body(archive)),
        None => Err(ApiError::UnknownBundle(digest.into_inner())),
    }
}
