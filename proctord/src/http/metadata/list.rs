//! `GET /metadata`: every proc that the asker may run, ordered by name.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn list(
    app: web::Data<App>,
    access: Access,
) -> Result<HttpResponse, ApiError> {
    let mut permitted = Vec::new();
    for metadata in app.catalog.procs().await? {
        if access.permits(&metadata.authorized_groups).await? {
            permitted.push(metadata);
        }
    }
    Ok(HttpResponse::Ok().json(permitted))
}
