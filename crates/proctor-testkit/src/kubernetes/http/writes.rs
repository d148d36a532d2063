//! The requests that change something: each has its work done under the lock of the state and answers with what is
//! stored then.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::{content_type, json, key, read};
use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::kind::Kind;
use crate::kubernetes::objects::{self, Intent};
use crate::kubernetes::patch::Form;
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::request::{Query, Target};
use crate::kubernetes::{deletion, eviction};

pub(super) fn create(
    cluster: &Cluster,
    target: &Target,
    query: &Query,
    body: &Bytes,
) -> Result<HttpResponse, Refusal> {
    let namespace = target.namespace.as_deref();
    let namespace = namespace.ok_or_else(Refusal::method_not_allowed)?;
    let (object, intent) = (read(body)?, query.intent());
    let created =
        cluster.write(|state| objects::create(state, target.kind, namespace, object, intent))?;
    note_created(cluster, target, intent, &created);
    Ok(json(StatusCode::CREATED, &created))
}

pub(super) fn replace(
    cluster: &Cluster,
    target: &Target,
    query: &Query,
    body: &Bytes,
) -> Result<HttpResponse, Refusal> {
    let (key, part, object) = (key(target)?, target.part()?, read(body)?);
    let intent = query.intent();
    let stored = cluster.write(|state| objects::replace(state, &key, part, object, intent))?;
    Ok(json(StatusCode::OK, &stored))
}

pub(super) fn patch(
    cluster: &Cluster,
    target: &Target,
    query: &Query,
    request: &HttpRequest,
    body: &Bytes,
) -> Result<HttpResponse, Refusal> {
    let form = Form::of(content_type(request))?;
    let (key, part, changes) = (key(target)?, target.part()?, read(body)?);
    let intent = query.intent();
    let existed = cluster.state().get(&key).is_some();
    let stored =
        cluster.write(|state| objects::patch(state, &key, part, form, &changes, intent))?;
    if existed {
        return Ok(json(StatusCode::OK, &stored));
    }
    note_created(cluster, target, intent, &stored);
    Ok(json(StatusCode::CREATED, &stored))
}

pub(super) fn delete(
    cluster: &Cluster,
    target: &Target,
    query: &Query,
    body: &Bytes,
) -> Result<HttpResponse, Refusal> {
    target.part()?;
    let (key, options) = (key(target)?, delete_options(query, body)?);
    let told = cluster.write(|state| deletion::delete(state, &key, &options))?;
    Ok(json(StatusCode::OK, &told))
}

/// Deletes everything that a list would give; answers with that list.
pub(super) fn delete_all(
    cluster: &Cluster,
    target: &Target,
    query: &Query,
    body: &Bytes,
) -> Result<HttpResponse, Refusal> {
    let (selector, options) = (query.selector(target)?, delete_options(query, body)?);
    let deleted = cluster.write(|state| {
        let chosen: Vec<_> = state
            .of_kind(target.kind)
            .filter(|(_, object)| selector.matches(object))
            .map(|(key, object)| (key.clone(), Arc::clone(object)))
            .collect();
        for (key, _) in &chosen {
            deletion::delete(state, key, &options)?;
        }
        Ok::<_, Refusal>(chosen)
    })?;
    let items: Vec<_> = deleted.iter().map(|(_, object)| &**object).collect();
    let list = serde_json::json!({
        "kind": format!("{}List", target.kind.word()),
        "apiVersion": target.kind.api_version(),
        "metadata": {},
        "items": items,
    });
    Ok(json(StatusCode::OK, &list))
}

pub(super) fn evict(cluster: &Cluster, target: &Target) -> Result<HttpResponse, Refusal> {
    let key = key(target)?;
    let told = cluster.write(|state| eviction::evict(state, &key))?;
    Ok(json(StatusCode::CREATED, &told))
}

/// What a deletion is told by its body and by its query.
fn delete_options(query: &Query, body: &Bytes) -> Result<Value, Refusal> {
    let mut options = if body.is_empty() {
        Value::Object(serde_json::Map::new())
    } else {
        read(body)?
    };
    if !query.text("propagationPolicy").is_empty() {
        options["propagationPolicy"] = query.text("propagationPolicy").into();
    }
    if let Some(grace) = query.number::<i64>("gracePeriodSeconds")? {
        options["gracePeriodSeconds"] = grace.into();
    }
    Ok(options)
}

fn note_created(cluster: &Cluster, target: &Target, intent: Intent, created: &Value) {
    if intent == Intent::Store && target.kind == Kind::Job {
        cluster.ledger.job_created(created);
    }
}
