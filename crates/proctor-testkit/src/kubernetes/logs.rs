//! The answer to a request for a Pod's log: whether there is one, and which part of it is asked for.

use actix_web::HttpResponse;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::cluster::Cluster;
use super::faults::{StreamFaults, Streamed};
use super::log::Options;
use super::refusal::{Cause, Refusal};
use super::request::Query;
use super::state::Key;

pub(crate) fn answer(cluster: &Cluster, key: &Key, query: &Query) -> Result<HttpResponse, Refusal> {
    let options = options(key, query, cluster.time.now())?;
    let (pod, node_answers) = {
        let state = cluster.state();
        let pod = state.find(key)?;
        let node = pod["spec"]["nodeName"].as_str().unwrap_or_default();
        (pod.clone(), state.nodes.answers(node))
    };
    let container = container(key, &pod, query)?;
    let Some(node) = pod["spec"]["nodeName"].as_str() else {
        return Ok(HttpResponse::NoContent().finish());
    };
    if !node_answers {
        let path = format!("{}/{}/{container}", key.namespace, key.name);
        return Err(Refusal::no_connection(node, &path));
    }
    if query.is("previous") {
        return Err(Refusal::bad_request(format!(
            "previous terminated container \"{container}\" in pod \"{}\" not found",
            key.name
        )));
    }
    let state = &pod["status"]["containerStatuses"][0]["state"];
    if state["running"].is_null() && state["terminated"].is_null() {
        return Err(Refusal::bad_request(format!(
            "container \"{container}\" in pod \"{}\" is waiting to start: {}",
            key.name,
            waits_for(&state["waiting"]["reason"])
        )));
    }
    let log = cluster.open_log(pod["metadata"]["uid"].as_str().unwrap_or_default());
    let mut response = HttpResponse::Ok();
    let body =
        cluster
            .faults
            .interruptible(Streamed::Log, StreamFaults::default(), log.read(options));
    Ok(response.content_type("text/plain").streaming(body))
}

/// What a kubelet says of a container that has no log yet.
fn waits_for(reason: &Value) -> &str {
    match reason.as_str() {
        None => "ContainerCreating",
        Some("ErrImagePull") => "image can't be pulled",
        Some("ImagePullBackOff") => "trying and failing to pull image",
        Some(other) => other,
    }
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

fn options(key: &Key, query: &Query, now: Timestamp) -> Result<Options, Refusal> {
    let invalid = |cause: &Cause| Refusal::invalid_log_options(&key.name, cause);
    if !query.text("stream").is_empty() {
        return Err(invalid(&Cause::forbidden("stream", "may not be specified")));
    }
    let at_least = |field: &str, least: i64, rule: &str| match query.number::<i64>(field)? {
        Some(found) if found < least => {
            let message = format!("Invalid value: {found}: must be greater than {rule}");
            Err(invalid(&Cause::value(field, message)))
        }
        found => Ok(found),
    };
    let tail_lines = at_least("tailLines", 0, "or equal to 0")?;
    let limit_bytes = at_least("limitBytes", 1, "0")?;
    let since_seconds = at_least("sinceSeconds", 1, "0")?;
    let since = match (since_seconds, query.text("sinceTime")) {
        (Some(_), time) if !time.is_empty() => {
            let rule = "at most one of `sinceTime` or `sinceSeconds` may be specified";
            return Err(invalid(&Cause::forbidden("", rule)));
        }
        (Some(seconds), _) => Some(now - SignedDuration::from_secs(seconds)),
        (None, "") => None,
        (None, text) => Some(whole_seconds(text)?),
    };
    Ok(Options {
        follow: query.is("follow"),
        timestamps: query.is("timestamps"),
        since,
        tail_lines: tail_lines.and_then(|lines| usize::try_from(lines).ok()),
        limit_bytes: limit_bytes.and_then(|bytes| usize::try_from(bytes).ok()),
    })
}

/// On its way to the kubelet a time loses what is less than a second.
fn whole_seconds(text: &str) -> Result<Timestamp, Refusal> {
    let stated: Result<Timestamp, _> = text.parse();
    stated
        .and_then(|time| Timestamp::from_second(time.as_second()))
        .map_err(|error| {
            Refusal::bad_request(format!("sinceTime: invalid value {text:?}: {error}"))
        })
}
