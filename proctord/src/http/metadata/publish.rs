//! `POST /metadata`: publishes procs, all of the list or none. With `?check=true` it only tells what is wrong
//! with them and what their publisher should know.

use actix_web::{HttpRequest, HttpResponse, web};
use proctor_api::{Metadata, Mistake, Published, PublishedProc};
use serde::Deserialize;
use serde_json::Value;

use super::breaks;
use crate::app::App;
use crate::domain::args::is_strict;
use crate::domain::document;
use crate::domain::execution::RunnerKind;
use crate::domain::name::ProcName;
use crate::http::access::Access;
use crate::http::audit::audited;
use crate::http::body::Body;
use crate::http::error::ApiError;
use crate::http::render;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Mode {
    #[serde(default)]
    check: bool,
    /// Publishes what breaks schedules, and holds those.
    #[serde(default)]
    force: bool,
}

pub(in crate::http) async fn publish(
    app: web::Data<App>,
    access: Access,
    request: HttpRequest,
    query: web::Query<Mode>,
    body: Body,
) -> Result<HttpResponse, ApiError> {
    let documents: Vec<Value> = body.json("malformed request").await?;
    let procs = parse(&documents)?;
    check_bundles(&app, &procs).await?;
    let mut published = Vec::new();
    for (name, metadata) in &procs {
        published.push(tell(&app, name, metadata).await?);
    }
    let broken = breaks::broken_by(&app, &procs).await?;
    if !broken.is_empty() && !query.force {
        return Err(ApiError::BreaksSchedules(broken));
    }
    if !query.check {
        let service = app.clone();
        let stored = async move {
            store(&service, &access, &procs).await?;
            // There may be more by now than the publisher was told of.
            let broken = breaks::broken_by(&service, &procs).await?;
            breaks::hold(&service, &access, &broken).await
        };
        app.work.to_the_end(stored).await??;
    }
    let mut answer = if query.check {
        HttpResponse::Ok()
    } else {
        HttpResponse::Created()
    };
    if render::reads_json(request.headers()) {
        Ok(answer.json(Published { published }))
    } else {
        Ok(answer.finish())
    }
}

async fn store(app: &App, access: &Access, procs: &[(ProcName, Metadata)]) -> Result<(), ApiError> {
    let entries = procs
        .iter()
        .map(|(name, _)| access.audit("metadata.publish", name.as_str()))
        .collect();
    audited(app, entries, async {
        Ok(app.catalog.publish(procs).await?)
    })
    .await
}

fn parse(documents: &[Value]) -> Result<Vec<(ProcName, Metadata)>, ApiError> {
    let invalid = |mistakes| ApiError::Invalid {
        detail: "the metadata has mistakes".to_owned(),
        mistakes,
    };
    document::parse_all(documents)
        .map_err(invalid)?
        .into_iter()
        .map(|metadata| {
            let name = metadata.name.parse::<ProcName>();
            let name =
                name.map_err(|error| invalid(vec![Mistake::new("name", error.to_string())]))?;
            Ok((name, metadata))
        })
        .collect()
}

/// Refuses metadata whose files nobody has uploaded.
async fn check_bundles(app: &App, procs: &[(ProcName, Metadata)]) -> Result<(), ApiError> {
    let mut mistakes = Vec::new();
    for (index, (_, metadata)) in procs.iter().enumerate() {
        if let Some(digest) = &metadata.bundle
            && app.catalog.bundle(digest).await?.is_none()
        {
            let message = format!("is {digest}, which has not been uploaded");
            mistakes.push(Mistake::new(format!("[{index}].bundle"), message));
        }
    }
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(ApiError::Invalid {
        detail: "the metadata has mistakes".to_owned(),
        mistakes,
    })
}

/// What the publisher of a proc should know about it.
async fn tell(app: &App, name: &ProcName, metadata: &Metadata) -> Result<PublishedProc, ApiError> {
    let mut warnings = Vec::new();
    let declares_args = !metadata.env_vars.args.is_empty();
    if declares_args && !is_strict(metadata) && metadata.allow_extra_args.is_none() {
        warnings.push(
            "args that it does not declare are passed on, since none of its args uses required, default, \
             type, choices or pattern; set allow_extra_args to decide"
                .to_owned(),
        );
    }
    if !metadata.authorized_groups.is_empty() && !app.policy.looks_at_groups() {
        warnings.push(
            "authorized_groups are not checked: this service has no authentication".to_owned(),
        );
    }
    let kind = app.runner.kind();
    if metadata.resources.is_some() && kind == RunnerKind::Local {
        warnings
            .push("resources are not limited yet by the local runner of this service".to_owned());
    }
    if metadata.command.is_none() && kind == RunnerKind::Local {
        warnings.push(
            "it needs a command to run here: this service's runner runs no images".to_owned(),
        );
    }
    if metadata.image_name.is_empty() && kind == RunnerKind::Kubernetes {
        warnings.push(
            "it needs an image_name to run here: this service's runner runs nothing but images"
                .to_owned(),
        );
    }
    let set = app.catalog.secret_names(name).await?;
    let declared = metadata.env_vars.secrets.iter().map(|secret| &secret.name);
    let missing_secrets = declared
        .filter(|name| !set.contains(name.as_str()))
        .cloned()
        .collect();
    Ok(PublishedProc {
        name: name.to_string(),
        warnings,
        missing_secrets,
    })
}
