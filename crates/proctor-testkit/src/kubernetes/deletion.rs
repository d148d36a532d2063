//! Deleting: preconditions, grace, propagation, and the collection of what has lost its owner. It decides when an
//! object goes; ending a Pod's process is the kubelet's.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::kind::Kind;
use super::objects::has_finalizers;
use super::refusal::Refusal;
use super::state::{Key, State, owners};

const FOREGROUND: &str = "foregroundDeletion";

/// Deletes an object as a request's `DeleteOptions` say; returns the answer's body.
pub(crate) fn delete(state: &mut State, key: &Key, options: &Value) -> Result<Value, Refusal> {
    let current = state.find(key)?.clone();
    check(key, &current, &options["preconditions"])?;
    let policy = options["propagationPolicy"]
        .as_str()
        .unwrap_or("Background");
    if policy == "Orphan" {
        orphan(state, &current);
    }
    if key.kind == Kind::Pod {
        end_pod(state, key, options["gracePeriodSeconds"].as_i64());
    } else if policy == FOREGROUND_POLICY || has_finalizers(&current) {
        mark(state, key, policy);
    } else {
        state.remove(key);
        return Ok(success(key, &current));
    }
    let stored = state.get(key).unwrap_or(&current);
    Ok(Value::clone(stored))
}

const FOREGROUND_POLICY: &str = "Foreground";

/// Deletes those of these objects that have lost their owner, and owners that wait for nothing any more.
pub(crate) fn collect(state: &mut State, touched: &BTreeSet<Key>) {
    for key in touched {
        let Some(object) = state.get(key) else {
            continue;
        };
        let is_deleted = !object["metadata"]["deletionTimestamp"].is_null();
        if !is_deleted && is_lost(state, object) {
            // A refusal means that it went meanwhile, which was the aim.
            let _gone = delete(state, key, &json!({}));
        } else if is_foreground(object) && !blocks_any(state, object) {
            state.remove(key);
        }
    }
}

/// Starts a Pod's end, or hurries it; one that runs nothing goes at once.
pub(crate) fn end_pod(state: &mut State, key: &Key, grace: Option<i64>) {
    let Some(pod) = state.get(key) else {
        return;
    };
    let runs = !pod["spec"]["nodeName"].is_null()
        && !matches!(
            pod["status"]["phase"].as_str(),
            Some("Succeeded" | "Failed")
        );
    let own = pod["spec"]["terminationGracePeriodSeconds"].as_i64();
    let grace = if runs { grace.or(own).unwrap_or(30) } else { 0 };
    let already = pod["metadata"]["deletionGracePeriodSeconds"].as_i64();
    if already.is_none_or(|already| grace < already) {
        let moment = state.seconds_from_now(grace);
        state.modify(key, |pod| {
            pod["metadata"]["deletionTimestamp"] = moment.into();
            pod["metadata"]["deletionGracePeriodSeconds"] = grace.into();
        });
    }
    if grace == 0 {
        release(state, key);
    }
}

/// Removes a Pod that is to go and that nothing holds.
pub(crate) fn release(state: &mut State, key: &Key) {
    let goes = state.get(key).is_some_and(|pod| {
        pod["metadata"]["deletionGracePeriodSeconds"] == 0 && !has_finalizers(pod)
    });
    if goes {
        state.remove(key);
    }
}

fn check(key: &Key, current: &Value, preconditions: &Value) -> Result<(), Refusal> {
    for (field, what) in [("uid", "UID"), ("resourceVersion", "ResourceVersion")] {
        let found = current["metadata"][field].as_str().unwrap_or_default();
        if let Some(wanted) = preconditions[field].as_str()
            && wanted != found
        {
            return Err(Refusal::precondition(
                key.kind, &key.name, what, wanted, found,
            ));
        }
    }
    Ok(())
}

fn mark(state: &mut State, key: &Key, policy: &str) {
    let now = state.now();
    state.modify(key, |object| {
        let metadata = &mut object["metadata"];
        if metadata["deletionTimestamp"].is_null() {
            metadata["deletionTimestamp"] = now.into();
            metadata["deletionGracePeriodSeconds"] = 0.into();
        }
        if policy == FOREGROUND_POLICY {
            if !metadata["finalizers"].is_array() {
                metadata["finalizers"] = json!([]);
            }
            let finalizers = metadata["finalizers"].as_array_mut().expect("it is a list");
            if !finalizers.iter().any(|one| one == FOREGROUND) {
                finalizers.push(FOREGROUND.into());
            }
        }
    });
}

fn orphan(state: &mut State, owner: &Value) {
    let uid = &owner["metadata"]["uid"];
    let dependants: Vec<_> = state
        .dependants(uid.as_str().unwrap_or_default())
        .map(|(key, _)| key.clone())
        .collect();
    for key in dependants {
        state.modify(&key, |object| {
            let references = object["metadata"]["ownerReferences"].as_array_mut();
            references
                .expect("it has an owner")
                .retain(|reference| reference["uid"] != *uid);
        });
    }
}

/// Whether an object has owners and each of them is gone or goes in the foreground.
fn is_lost(state: &State, object: &Value) -> bool {
    let metadata = &object["metadata"];
    let namespace = metadata["namespace"].as_str().unwrap_or_default();
    let references = metadata["ownerReferences"].as_array().map_or(0, Vec::len);
    let gone = owners(namespace, object).filter(|(key, uid)| {
        state
            .get(key)
            .filter(|owner| owner["metadata"]["uid"] == uid.as_str())
            .is_none_or(|owner| is_foreground(owner))
    });
    // An owner of a kind that the double does not keep is believed to be there.
    references > 0 && gone.count() == references
}

fn is_foreground(object: &Value) -> bool {
    let finalizers = &object["metadata"]["finalizers"];
    finalizers
        .as_array()
        .is_some_and(|all| all.len() == 1 && all[0] == FOREGROUND)
}

fn blocks_any(state: &State, owner: &Value) -> bool {
    let uid = owner["metadata"]["uid"].as_str().unwrap_or_default();
    state.dependants(uid).next().is_some()
}

fn success(key: &Key, object: &Value) -> Value {
    let mut details = json!({
        "name": key.name,
        "group": key.kind.group(),
        "kind": key.kind.plural(),
        "uid": object["metadata"]["uid"],
    });
    if key.kind.group().is_empty() {
        details.as_object_mut().expect("it is one").remove("group");
    }
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": details,
    })
}
