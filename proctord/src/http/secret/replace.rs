//! `POST /secret`: replaces all secrets of a proc.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use proctor_api::{Mistake, SecretRequest};
use secrecy::ExposeSecret;

use super::{done, invalid, value_mistake, value_warning};
use crate::app::App;
use crate::domain::environment::Secrets;
use crate::domain::name::{ProcName, VariableName};
use crate::http::access::Access;
use crate::http::audit::audited;
use crate::http::body::Body;
use crate::http::error::ApiError;

pub(in crate::http) async fn replace(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let wanted: SecretRequest = body.sealed_object("malformed request").await?;
    let (proc_name, secrets) = parse(wanted)?;
    let warnings = secrets
        .iter()
        .filter_map(|(name, value)| value_warning(name.as_str(), value.expose_secret()))
        .collect();
    let service = app.clone();
    let kept = async move {
        let entry = access.audit("secret.replace", proc_name.as_str());
        audited(&service, vec![entry], async {
            Ok(service.catalog.replace_secrets(&proc_name, secrets).await?)
        })
        .await
    };
    app.work.to_the_end(kept).await??;
    Ok(done(StatusCode::CREATED, warnings, request.headers()))
}

fn parse(wanted: SecretRequest) -> Result<(ProcName, Secrets), ApiError> {
    let mut mistakes = Vec::new();
    let proc_name = wanted.job_name.parse::<ProcName>();
    if let Err(error) = &proc_name {
        mistakes.push(Mistake::new("job_name", error.to_string()));
    }
    let mut secrets = Secrets::new();
    for (name, value) in wanted.secrets.unwrap_or_default() {
        let place = format!("secrets.{name}");
        mistakes.extend(value_mistake(place.clone(), &value));
        match name.parse::<VariableName>() {
            Ok(name) => drop(secrets.insert(name, value.into())),
            Err(error) => mistakes.push(Mistake::new(place, error.to_string())),
        }
    }
    match proc_name {
        Ok(proc_name) if mistakes.is_empty() => Ok((proc_name, secrets)),
        _ => Err(invalid(mistakes)),
    }
}
