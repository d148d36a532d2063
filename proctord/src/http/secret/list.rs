//! `GET /secret/{name}`: which secrets of a proc are set, by name. Nothing gives their values back.

use actix_web::{HttpResponse, web};
use proctor_api::SecretNames;

use crate::app::App;
use crate::domain::name::ProcName;
use crate::http::access::Access;
use crate::http::error::ApiError;

pub(in crate::http) async fn list(
    app: web::Data<App>,
    _admitted: Access,
    name: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let unknown = || ApiError::UnknownProc(name.to_string());
    let proc_name: ProcName = name.parse().map_err(|_| unknown())?;
    let names = app.catalog.secret_names(&proc_name).await?;
    // Secrets may be there before their proc is.
    if names.is_empty() && app.catalog.proc(&proc_name).await?.is_none() {
        return Err(unknown());
    }
    let names = names.iter().map(ToString::to_string).collect();
    Ok(HttpResponse::Ok().json(SecretNames { names }))
}
