//! Disruptions: a Pod that is evicted through the API, and Pods that are collected because their node is gone.

use serde_json::{Value, json};

use super::deletion;
use super::kind::Kind;
use super::pods::{self, Condition};
use super::refusal::Refusal;
use super::state::{Key, State};

/// Evicts a Pod; it ends within its own grace. Returns the answer's body.
pub(crate) fn evict(state: &mut State, key: &Key) -> Result<Value, Refusal> {
    state.find(key)?;
    let now = state.now();
    state.modify(key, |pod| {
        let disrupted = disruption("EvictionByEvictionAPI", "Eviction API: evicting");
        pods::set_condition(pod, &now, &disrupted);
    });
    deletion::end_pod(state, key, None);
    Ok(json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "code": 201,
    }))
}

/// Gives the Pods of a node up: those that have not ended have failed, and all are removed without asking it.
pub(crate) fn collect(state: &mut State, node: &str) {
    let lost: Vec<_> = state
        .of_kind(Kind::Pod)
        .filter(|(_, pod)| pod["spec"]["nodeName"] == node)
        .map(|(key, _)| key.clone())
        .collect();
    let now = state.now();
    for key in lost {
        state.modify(&key, |pod| {
            let phase = pod["status"]["phase"].as_str();
            if !matches!(phase, Some("Succeeded" | "Failed")) {
                pod["status"]["phase"] = "Failed".into();
                let disrupted = disruption("DeletionByPodGC", "PodGC: node no longer exists");
                pods::set_condition(pod, &now, &disrupted);
            }
        });
        deletion::end_pod(state, &key, Some(0));
    }
}

fn disruption<'a>(reason: &'a str, message: &'a str) -> Condition<'a> {
    Condition {
        word: "DisruptionTarget",
        holds: true,
        reason: Some(reason),
        message: Some(message),
    }
}
