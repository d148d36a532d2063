//! What a new object must be like, and what is filled in where it says nothing. Only what the double's users can
//! meet is here: names, labels, a Job's template, a Secret's data.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::kind::Kind;
use super::patch;
use super::refusal::{Cause, Refusal};
use super::resources;

const LONGEST_LABEL: usize = 63;
const LONGEST_NAME: usize = 253;
const NAME_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or \
     '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
     '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Fills in what a new object leaves out and refuses what is wrong with it.
pub(crate) fn admit(kind: Kind, object: &mut Value) -> Result<(), Refusal> {
    if !object.is_object() {
        return Err(Refusal::bad_request("the body is no object"));
    }
    for (field, wanted) in [("kind", kind.word()), ("apiVersion", kind.api_version())] {
        let found = object[field].as_str().unwrap_or(wanted);
        if found != wanted {
            let message = format!("the {field} of the object is {found:?}, not {wanted:?}");
            return Err(Refusal::bad_request(message));
        }
        object[field] = wanted.into();
    }
    name(object);
    let causes = causes(kind, object);
    if !causes.is_empty() {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        return Err(Refusal::invalid(kind, name, &causes));
    }
    fill_in(kind, object);
    Ok(())
}

/// Moves `stringData` to `data`, as on every write of a Secret.
pub(crate) fn encode_secret(object: &mut Value) {
    let Some(Value::Object(plain)) = object
        .as_object_mut()
        .and_then(|fields| fields.remove("stringData"))
    else {
        return;
    };
    for (key, value) in plain {
        let text = value.as_str().unwrap_or_default();
        object["data"][key.as_str()] = STANDARD.encode(text).into();
    }
}

/// A name from a prefix, as `generateName` makes them.
pub(crate) fn generated_name(prefix: &str) -> String {
    let random = Uuid::new_v4().simple().to_string();
    format!("{prefix}{}", &random[..5])
}

fn name(object: &mut Value) {
    let metadata = &mut object["metadata"];
    if metadata["name"].is_null()
        && let Some(prefix) = metadata["generateName"].as_str()
    {
        metadata["name"] = generated_name(prefix).into();
    }
}

fn causes(kind: Kind, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    match object["metadata"]["name"].as_str() {
        None | Some("") => causes.push(Cause::required(
            "metadata.name",
            "name or generateName is required",
        )),
        Some(name) if !is_subdomain(name) => causes.push(Cause::value(
            "metadata.name",
            format!("Invalid value: \"{name}\": {NAME_RULE}"),
        )),
        Some(_) => {}
    }
    long_labels(
        &mut causes,
        "metadata.labels",
        &object["metadata"]["labels"],
    );
    if kind == Kind::Job {
        let template = &object["spec"]["template"];
        long_labels(
            &mut causes,
            "spec.template.labels",
            &template["metadata"]["labels"],
        );
        let name = &object["metadata"]["name"];
        // The Job's name becomes the value of two labels of its Pods.
        let generated = json!({"job-name": name, "batch.kubernetes.io/job-name": name});
        long_labels(&mut causes, "spec.template.labels", &generated);
        let policy = template["spec"]["restartPolicy"].as_str();
        if !matches!(policy, Some("Never" | "OnFailure")) {
            causes.push(Cause::required(
                "spec.template.spec.restartPolicy",
                "valid values: \"OnFailure\", \"Never\"",
            ));
        }
        if template["spec"]["containers"]
            .as_array()
            .is_none_or(Vec::is_empty)
        {
            causes.push(Cause::required("spec.template.spec.containers", ""));
        }
    }
    causes
}

fn long_labels(causes: &mut Vec<Cause>, field: &str, labels: &Value) {
    for value in labels.as_object().into_iter().flat_map(Map::values) {
        let value = value.as_str().unwrap_or_default();
        if value.len() > LONGEST_LABEL {
            let message =
                format!("Invalid value: \"{value}\": must be no more than {LONGEST_LABEL} bytes");
            causes.push(Cause::value(field, message));
        }
    }
}

fn is_subdomain(name: &str) -> bool {
    let ends_well = |label: &str| {
        let ends = [label.chars().next(), label.chars().last()];
        ends.iter()
            .all(|end| end.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
    };
    name.len() <= LONGEST_NAME
        && name.split('.').all(|label| {
            ends_well(label)
                && label
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        })
}

fn fill_in(kind: Kind, object: &mut Value) {
    let metadata = object["metadata"]
        .as_object_mut()
        .expect("it has a name by now");
    for of_server in [
        "uid",
        "resourceVersion",
        "generation",
        "creationTimestamp",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
        "managedFields",
    ] {
        metadata.remove(of_server);
    }
    match kind {
        Kind::Job => fill_in_job(object),
        Kind::Pod => {
            fill_in_pod(&mut object["spec"]);
            let class = resources::quality(&object["spec"]);
            object["status"] = json!({"phase": "Pending", "qosClass": class});
        }
        Kind::Secret => {
            encode_secret(object);
            defaults(object, json!({"type": "Opaque"}));
        }
        Kind::Event => {}
    }
}

fn fill_in_job(job: &mut Value) {
    let uid = Uuid::new_v4().to_string();
    let name = job["metadata"]["name"].clone();
    job["metadata"]["uid"] = uid.as_str().into();
    let spec = &mut job["spec"];
    defaults(
        spec,
        json!({
            "parallelism": 1,
            "completions": 1,
            "backoffLimit": 6,
            "completionMode": "NonIndexed",
            "suspend": false,
            "podReplacementPolicy": "TerminatingOrFailed",
            "manualSelector": false,
            "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
        }),
    );
    let labels = json!({"metadata": {"labels": {
        "batch.kubernetes.io/controller-uid": uid,
        "batch.kubernetes.io/job-name": name,
        "controller-uid": uid,
        "job-name": name,
    }}});
    patch::merge(&mut spec["template"], &labels);
    fill_in_pod(&mut spec["template"]["spec"]);
    job["status"] = json!({});
}

fn fill_in_pod(spec: &mut Value) {
    defaults(
        spec,
        json!({
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 30,
            "dnsPolicy": "ClusterFirst",
            "securityContext": {},
            "schedulerName": "default-scheduler",
        }),
    );
    for container in spec["containers"].as_array_mut().into_iter().flatten() {
        defaults(
            container,
            json!({
                "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "imagePullPolicy": "IfNotPresent",
            }),
        );
    }
}

/// Sets the fields that are not there.
fn defaults(object: &mut Value, fields: Value) {
    let Value::Object(fields) = fields else {
        return;
    };
    for (field, value) in fields {
        if object[field.as_str()].is_null() {
            object[field.as_str()] = value;
        }
    }
}
