//! `GET /schedule/{id}`: one schedule.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn show(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let schedule = super::find(&app, &access, &id).await?;
    Ok(HttpResponse::Ok().json(schedule.to_api()))
}
