//! `GET /execution/{id}/status`: where an execution stands.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn status(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let execution = super::find(&app, &access, &id).await?;
    Ok(HttpResponse::Ok().json(execution.to_api()))
}
