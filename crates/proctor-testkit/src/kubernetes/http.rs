//! The double's one HTTP handler: it finds out what is asked, has it done, and answers as Kubernetes does.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use actix_web::web::{Bytes, Data, Query as WebQuery};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::cluster::Cluster;
use super::faults::{Fault, StreamFaults, Streamed};
use super::record::Line;
use super::refusal::Refusal;
use super::request::{Query, Target};
use super::state::Key;
use super::{access, connection, discovery, list, logs, watch};

mod writes;

pub(crate) async fn handle(
    request: HttpRequest,
    body: Bytes,
    cluster: Data<Cluster>,
) -> HttpResponse {
    let cluster = cluster.into_inner();
    let line = note_asked(&request, &body, &cluster);
    let response = respond(&request, &body, &cluster).await;
    cluster.record.answered(line, response.status().as_u16());
    response
}

async fn respond(request: &HttpRequest, body: &Bytes, cluster: &Arc<Cluster>) -> HttpResponse {
    let asked = format!("{} {}", request.method(), request.uri());
    let course = cluster.faults.course(&asked);
    if !course.latency.is_zero() {
        tokio::time::sleep(course.latency).await;
    }
    if course.compacts {
        cluster.state().compact();
    }
    let is_lost = match course.fault {
        None => false,
        Some(Fault::Refuse(refusal)) => return refused(&refusal),
        Some(Fault::CutBefore) => return connection::cut(request),
        Some(Fault::CutAfter) => true,
        Some(Fault::Hang) => {
            cluster.faults.released().await;
            return connection::cut(request);
        }
    };
    let answer = answer(request, body, cluster, course.stream);
    if is_lost {
        return connection::cut(request);
    }
    answer.unwrap_or_else(|refusal| refused(&refusal))
}

fn answer(
    request: &HttpRequest,
    body: &Bytes,
    cluster: &Arc<Cluster>,
    faults: StreamFaults,
) -> Result<HttpResponse, Refusal> {
    let content_type = content_type(request);
    if content_type.contains("protobuf") {
        return Err(Refusal::unsupported_body(content_type));
    }
    let path = request.path();
    let token = request.headers().get(AUTHORIZATION);
    let token = token.and_then(|header| header.to_str().ok());
    cluster.access.authenticate(token)?;
    if let Some(found) = discovery::answer(path, &cluster.access)? {
        return Ok(json(StatusCode::OK, &found));
    }
    if matches!(path, "/readyz" | "/livez" | "/healthz") {
        return Ok(HttpResponse::Ok().content_type("text/plain").body("ok"));
    }
    if path == access::PATH {
        let review = cluster.access.review(read(body)?);
        return Ok(json(StatusCode::CREATED, &review));
    }
    let target = Target::of_path(path).ok_or_else(Refusal::no_such_path)?;
    let query = query(request)?;
    let verb = verb(request, &target, &query)?;
    cluster.access.check(verb, &target)?;
    match verb {
        "watch" if query.is("sendInitialEvents") && !cluster.settings.streaming_lists => {
            Ok(no_streaming_lists())
        }
        "watch" => {
            let body = watch::body(Arc::clone(cluster), query.watch(&target)?);
            let body = cluster.faults.interruptible(Streamed::Watch, faults, body);
            let mut response = HttpResponse::Ok();
            Ok(response.content_type("application/json").streaming(body))
        }
        "list" => list(cluster, &target, &query),
        "get" if target.is_log() => logs::answer(cluster, &key(&target)?, &query),
        "get" => get(cluster, &target),
        "create" if target.is_eviction() => writes::evict(cluster, &target),
        "create" => writes::create(cluster, &target, &query, body),
        "update" => writes::replace(cluster, &target, &query, body),
        "patch" => writes::patch(cluster, &target, &query, request, body),
        "deletecollection" => writes::delete_all(cluster, &target, &query, body),
        _ => writes::delete(cluster, &target, &query, body),
    }
}

/// The verb as Kubernetes calls it in its rules.
fn verb(request: &HttpRequest, target: &Target, query: &Query) -> Result<&'static str, Refusal> {
    match (request.method().as_str(), target.name.is_some()) {
        ("GET", false) if query.is("watch") => Ok("watch"),
        ("GET", false) => Ok("list"),
        ("GET", true) => Ok("get"),
        ("POST", false) => Ok("create"),
        ("POST", true) if target.is_eviction() => Ok("create"),
        ("PUT", true) => Ok("update"),
        ("PATCH", true) => Ok("patch"),
        ("DELETE", true) => Ok("delete"),
        ("DELETE", false) => Ok("deletecollection"),
        _ => Err(Refusal::method_not_allowed()),
    }
}

fn list(cluster: &Cluster, target: &Target, query: &Query) -> Result<HttpResponse, Refusal> {
    let list = list::answer(&cluster.state(), &query.list(target)?)?;
    let mut response = HttpResponse::Ok();
    Ok(response.content_type("application/json").body(list))
}

fn get(cluster: &Cluster, target: &Target) -> Result<HttpResponse, Refusal> {
    target.part()?;
    let state = cluster.state();
    Ok(json(StatusCode::OK, state.find(&key(target)?)?))
}

/// Enters a request into the ledger and the record, whatever becomes of it.
fn note_asked(request: &HttpRequest, body: &Bytes, cluster: &Cluster) -> Option<Line> {
    let target = Target::of_path(request.path());
    let asked = target.and_then(|target| {
        let verb = verb(request, &target, &query(request).ok()?).ok()?;
        Some((verb, target.resource()))
    });
    let (verb, resource) = match &asked {
        Some((verb, resource)) => (*verb, resource.as_str()),
        None => (request.method().as_str(), request.path()),
    };
    cluster.ledger.asked(verb, resource);
    cluster.record.note(verb, resource, request, body)
}

/// What a server answers whose storage cannot tell a watch how far it is.
fn no_streaming_lists() -> HttpResponse {
    let refusal = Refusal::internal(
        "a watch stream was requested by the client but the required storage feature RequestWatchProgress is \
         disabled",
    );
    let event = serde_json::json!({"type": "ERROR", "object": refusal.status()});
    HttpResponse::Ok()
        .content_type("application/json")
        .body(format!("{event}\n"))
}

fn content_type(request: &HttpRequest) -> &str {
    let found = request.headers().get(CONTENT_TYPE);
    found
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

fn key(target: &Target) -> Result<Key, Refusal> {
    target.key().ok_or_else(Refusal::no_such_path)
}

fn query(request: &HttpRequest) -> Result<Query, Refusal> {
    WebQuery::<HashMap<String, String>>::from_query(request.query_string())
        .map(|query| Query(query.into_inner()))
        .map_err(|error| Refusal::bad_request(error.to_string()))
}

fn read(body: &Bytes) -> Result<Value, Refusal> {
    serde_json::from_slice(body)
        .map_err(|error| Refusal::bad_request(format!("the body is not JSON: {error}")))
}

fn json(code: StatusCode, body: &Value) -> HttpResponse {
    HttpResponse::build(code)
        .content_type("application/json")
        .body(body.to_string())
}

fn refused(refusal: &Refusal) -> HttpResponse {
    let code = StatusCode::from_u16(refusal.code()).expect("refusals have codes of HTTP");
    let mut response = HttpResponse::build(code);
    if let Some(seconds) = refusal.retry_after_secs() {
        response.insert_header((RETRY_AFTER, seconds.to_string()));
    }
    response
        .content_type("application/json")
        .body(refusal.status().to_string())
}
