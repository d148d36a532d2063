//! `GET /metadata/{name}`: one proc.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::domain::name::ProcName;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn show(
    app: web::Data<App>,
    access: Access,
    name: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let unknown = || ApiError::UnknownProc(name.to_string());
    let proc_name: ProcName = name.parse().map_err(|_| unknown())?;
    let metadata = app.catalog.proc(&proc_name).await?.ok_or_else(unknown)?;
    access.check(&metadata.authorized_groups).await?;
    Ok(HttpResponse::Ok().json(metadata))
}
