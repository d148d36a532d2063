//! `GET /metadata`: every proc that the asker may run, ordered by name.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn list(
    app: web::Data<App>,
    access: Access,
) -> Result<HttpResponse, ApiError> {
    let mut procs = app.catalog.procs().await?;
    procs.retain(|metadata| access.permits(&metadata.authorized_groups));
    Ok(HttpResponse::Ok().json(procs))
}
