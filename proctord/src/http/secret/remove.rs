//! `DELETE /secret/{name}/{key}`: removes one secret of a proc. Executions that were given it keep it.

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::domain::name::{ProcName, VariableName};
use crate::http::access::Access;
use crate::http::audit::audited;
use crate::http::error::ApiError;

pub(in crate::http) async fn remove(
    app: web::Data<App>,
    access: Access,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (name, key) = path.into_inner();
    let target = format!("{name}/{key}");
    let unknown = ApiError::UnknownSecret(target.clone());
    let (Ok(name), Ok(key)) = (name.parse::<ProcName>(), key.parse::<VariableName>()) else {
        return Err(unknown);
    };
    let service = app.clone();
    let done = async move {
        let entry = access.audit("secret.remove", target);
        audited(&service, vec![entry], async {
            if service.catalog.remove_secret(&name, &key).await? {
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
