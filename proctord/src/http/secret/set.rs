//! `PUT /secret/{name}/{key}`: sets one secret of a proc and leaves its others.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use proctor_api::{Mistake, SecretValue};

use super::{done, invalid, value_mistake, value_warning};
use crate::app::App;
use crate::domain::name::{ProcName, VariableName};
use crate::http::access::Access;
use crate::http::audit::audited;
use crate::http::body::Body;
use crate::http::error::ApiError;

pub(in crate::http) async fn set(
    app: web::Data<App>,
    access: Access,
    path: web::Path<(String, String)>,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let wanted: SecretValue = body.sealed_object("malformed request").await?;
    let (name, key) = path.into_inner();
    let proc_name = name
        .parse::<ProcName>()
        .map_err(|error| mistake("name", &error))?;
    let key = key
        .parse::<VariableName>()
        .map_err(|error| mistake("key", &error))?;
    if let Some(mistake) = value_mistake("value".to_owned(), &wanted.value) {
        return Err(invalid(vec![mistake]));
    }
    let warnings = value_warning(key.as_str(), &wanted.value)
        .into_iter()
        .collect();
    let service = app.clone();
    let kept = async move {
        let entry = access.audit("secret.set", format!("{proc_name}/{key}"));
        let value = wanted.value.into();
        audited(&service, vec![entry], async {
            Ok(service.catalog.set_secret(&proc_name, &key, value).await?)
        })
        .await
    };
    app.work.to_the_end(kept).await??;
    Ok(done(StatusCode::NO_CONTENT, warnings, request.headers()))
}

fn mistake(at: &str, error: &dyn std::error::Error) -> ApiError {
    invalid(vec![Mistake::new(at, error.to_string())])
}
