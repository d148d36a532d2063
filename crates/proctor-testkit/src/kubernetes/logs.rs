//! The answer to a request for a Pod's log: whether there is one, and which part of it is asked for.

use actix_web::HttpResponse;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::cluster::Cluster;
use super::faults::Streamed;
use super::log::Options;
use super::refusal::Refusal;
use super::request::Query;
use super::state::Key;

pub(crate) fn answer(cluster: &Cluster, key: &Key, query: &Query) -> Result<HttpResponse, Refusal> {
    let pod = cluster.state().find(key)?.clone();
    let container = container(key, &pod, query)?;
    let options = options(query, cluster.time.now())?;
    if pod["spec"]["nodeName"].is_null() {
        return Ok(HttpResponse::NoContent().finish());
    }
    if query.is("previous") {
        return Err(Refusal::bad_request(format!(
            "previous terminated container \"{container}\" in pod \"{}\" not found",
            key.name
        )));
    }
    let state = &pod["status"]["containerStatuses"][0]["state"];
    if state["running"].is_null() && state["terminated"].is_null() {
        let reason = state["waiting"]["reason"].as_str();
        return Err(Refusal::bad_request(format!(
            "container \"{container}\" in pod \"{}\" is waiting to start: {}",
            key.name,
            reason.unwrap_or("ContainerCreating")
        )));
    }
    let log = cluster.open_log(pod["metadata"]["uid"].as_str().unwrap_or_default());
    let mut response = HttpResponse::Ok();
    Ok(response.content_type("text/plain").streaming(
        cluster
            .faults
            .interruptible(Streamed::Log, log.read(options)),
    ))
}

/// The name of the container that is asked for.
fn container(key: &Key, pod: &Value, query: &Query) -> Result<String, Refusal> {
    let own = pod["spec"]["containers"][0]["name"].as_str();
    let own = own.unwrap_or_default().to_owned();
    let asked = query.text("container");
    if !asked.is_empty() && asked != own {
        return Err(Refusal::bad_request(format!(
            "container {asked} is not valid for pod {}",
            key.name
        )));
    }
    Ok(own)
}

fn options(query: &Query, now: Timestamp) -> Result<Options, Refusal> {
    let since = match (
        query.number::<i64>("sinceSeconds")?,
        query.text("sinceTime"),
    ) {
        (Some(seconds), _) => Some(now - SignedDuration::from_secs(seconds)),
        (None, "") => None,
        (None, text) => Some(text.parse().map_err(|error| {
            Refusal::bad_request(format!("sinceTime: invalid value {text:?}: {error}"))
        })?),
    };
    Ok(Options {
        follow: query.is("follow"),
        timestamps: query.is("timestamps"),
        since,
        tail_lines: query.number("tailLines")?,
        limit_bytes: query.number("limitBytes")?,
    })
}
