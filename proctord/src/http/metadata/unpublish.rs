//! `DELETE /metadata/{name}`: unpublishes a proc. Its executions stay readable, with the groups that they were
//! accepted under. Its secrets stay for the next publication, unless `?secrets=true` says otherwise.

use actix_web::{HttpResponse, web};
use serde::Deserialize;

use crate::app::App;
use crate::catalog::SecretsOfProc;
use crate::domain::name::ProcName;
use crate::http::access::Access;
use crate::http::audit::audited;
use crate::http::error::ApiError;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Mode {
    #[serde(default)]
    secrets: bool,
}

pub(in crate::http) async fn unpublish(
    app: web::Data<App>,
    access: Access,
    name: web::Path<String>,
    query: web::Query<Mode>,
) -> Result<HttpResponse, ApiError> {
    let unknown = ApiError::UnknownProc(name.to_string());
    let Ok(proc_name) = name.parse::<ProcName>() else {
        return Err(unknown);
    };
    let (secrets, action) = if query.secrets {
        (SecretsOfProc::Go, "metadata.unpublish-with-secrets")
    } else {
        (SecretsOfProc::Stay, "metadata.unpublish")
    };
    let service = app.clone();
    let done = async move {
        let entry = access.audit(action, proc_name.as_str());
        audited(&service, vec![entry], async {
            if service.catalog.unpublish(&proc_name, secrets).await? {
                Ok(())
            } else {
                Err(unknown)
            }
        })
        .await
    };
    app.work.to_the_end(done).await??;
    Ok(HttpResponse::NoContent().finish())
}
