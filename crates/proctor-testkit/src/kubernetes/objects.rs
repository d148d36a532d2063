//! Creating, replacing and patching objects, as the API server does it. Deleting, listing and watching are beside it.

use std::sync::Arc;

use serde_json::Value;

use super::admission;
use super::kind::Kind;
use super::patch::Form;
use super::quota;
use super::refusal::{Cause, Refusal};
use super::state::{Key, State};

/// What part of an object a write is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Main,
    Status,
}

/// Whether a write is meant or only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Intent {
    Store,
    DryRun,
}

pub(crate) fn create(
    state: &mut State,
    kind: Kind,
    namespace: &str,
    mut object: Value,
    intent: Intent,
) -> Result<Arc<Value>, Refusal> {
    admission::admit(kind, &mut object)?;
    let stated = object["metadata"]["namespace"].as_str();
    if stated.is_some_and(|stated| stated != namespace) {
        return Err(Refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let key = Key::new(kind, namespace, name);
    quota::check(state, &key)?;
    match intent {
        Intent::Store => state.insert(&key, object),
        Intent::DryRun if state.get(&key).is_some() => {
            Err(Refusal::already_exists(kind, &key.name))
        }
        Intent::DryRun => Ok(Arc::new(object)),
    }
}

pub(crate) fn replace(
    state: &mut State,
    key: &Key,
    part: Part,
    object: Value,
    intent: Intent,
) -> Result<Arc<Value>, Refusal> {
    let current = state.find(key)?;
    let wanted = object["metadata"]["uid"].as_str();
    let found = text(current, "uid");
    if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
        return Err(Refusal::precondition(
            key.kind, &key.name, "UID", wanted, &found,
        ));
    }
    write(state, key, part, object, intent)
}

pub(crate) fn patch(
    state: &mut State,
    key: &Key,
    part: Part,
    form: Form,
    patch: &Value,
    intent: Intent,
) -> Result<Arc<Value>, Refusal> {
    if form == Form::Apply && state.get(key).is_none() {
        return create(state, key.kind, &key.namespace, patch.clone(), intent);
    }
    let mut object = Value::clone(state.find(key)?);
    form.apply(&mut object, patch)?;
    write(state, key, part, object, intent)
}

fn write(
    state: &mut State,
    key: &Key,
    part: Part,
    mut object: Value,
    intent: Intent,
) -> Result<Arc<Value>, Refusal> {
    let current = state.find(key)?;
    check(key, current, &object)?;
    if key.kind == Kind::Secret {
        admission::encode_secret(&mut object);
    }
    let next = match part {
        Part::Main => {
            let mut next = keep_servers_fields(current, object);
            next["status"] = current["status"].clone();
            next
        }
        Part::Status => {
            let mut next = Value::clone(current);
            next["status"] = object["status"].clone();
            next
        }
    };
    let next = without_nulls(next);
    immutable(key, current, &next)?;
    if intent == Intent::DryRun {
        return Ok(Arc::new(next));
    }
    state.modify(key, |object| *object = next);
    let stored = Arc::clone(state.find(key)?);
    let is_deleted = !stored["metadata"]["deletionTimestamp"].is_null();
    if is_deleted && !has_finalizers(&stored) && key.kind != Kind::Pod {
        state.remove(key);
    }
    Ok(stored)
}

pub(crate) fn has_finalizers(object: &Value) -> bool {
    object["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|finalizers| !finalizers.is_empty())
}

/// Whether the writer means this object and has seen its latest version.
fn check(key: &Key, current: &Value, object: &Value) -> Result<(), Refusal> {
    let stated = |field: &str| object["metadata"][field].as_str().unwrap_or_default();
    for (field, wanted) in [("name", &key.name), ("namespace", &key.namespace)] {
        if !stated(field).is_empty() && stated(field) != wanted {
            return Err(Refusal::bad_request(format!(
                "the {field} of the object ({}) does not match the {field} on the URL ({wanted})",
                stated(field)
            )));
        }
    }
    if !stated("uid").is_empty() && stated("uid") != text(current, "uid") {
        let message = format!("Invalid value: \"{}\": field is immutable", stated("uid"));
        let cause = Cause::value("metadata.uid", message);
        return Err(Refusal::invalid(key.kind, &key.name, &[cause]));
    }
    let version = stated("resourceVersion");
    if !version.is_empty() && version != text(current, "resourceVersion") {
        return Err(Refusal::modified_meanwhile(key.kind, &key.name));
    }
    Ok(())
}

fn immutable(key: &Key, current: &Value, next: &Value) -> Result<(), Refusal> {
    let fields: &[&str] = match key.kind {
        Kind::Job => &["/spec/template", "/spec/selector", "/spec/completions"],
        Kind::Secret if current["immutable"] == true => &["/data", "/immutable"],
        _ => &[],
    };
    let causes: Vec<_> = fields
        .iter()
        .filter(|path| current.pointer(path) != next.pointer(path))
        .map(|path| {
            let field = path.trim_start_matches('/').replace('/', ".");
            Cause::value(&field, "field is immutable".to_owned())
        })
        .collect();
    if causes.is_empty() {
        return Ok(());
    }
    Err(Refusal::invalid(key.kind, &key.name, &causes))
}

fn keep_servers_fields(current: &Value, mut object: Value) -> Value {
    object["kind"] = current["kind"].clone();
    object["apiVersion"] = current["apiVersion"].clone();
    for field in [
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    ] {
        object["metadata"][field] = current["metadata"][field].clone();
    }
    object
}

/// Indexing by a name that is not there has left a null behind; Kubernetes has no such fields.
fn without_nulls(mut object: Value) -> Value {
    for place in ["metadata", "spec"] {
        if let Some(fields) = object[place].as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
    }
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    object
}

fn text(object: &Value, field: &str) -> String {
    let found = object["metadata"][field].as_str();
    found.unwrap_or_default().to_owned()
}
