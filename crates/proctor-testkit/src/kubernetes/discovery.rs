//! What the double says it is: its version, its API groups and their resources. OpenAPI documents are not served.

use serde_json::{Value, json};

use super::access::Access;
use super::kind::Kind;
use super::refusal::Refusal;

const AUTHORISATION: &str = "authorization.k8s.io";

/// The answer to a path of discovery, if it is one.
pub(crate) fn answer(path: &str, access: &Access) -> Result<Option<Value>, Refusal> {
    if let Some(name) = namespace_of(path) {
        let uid = access.namespace_uid(name)?;
        return Ok(Some(namespace(name, &uid)));
    }
    Ok(told(path))
}

fn told(path: &str) -> Option<Value> {
    match path {
        "/version" => Some(json!({
            "major": "1",
            "minor": "36",
            "emulationMajor": "1",
            "emulationMinor": "36",
            "minCompatibilityMajor": "1",
            "minCompatibilityMinor": "35",
            "gitVersion": "v1.36.2",
            "gitCommit": "",
            "gitTreeState": "",
            "buildDate": "1970-01-01T00:00:00Z",
            "goVersion": "",
            "compiler": "",
            "platform": "linux/amd64",
        })),
        "/api" => Some(json!({
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [],
        })),
        "/apis" => Some(json!({
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [group("batch"), group(AUTHORISATION)],
        })),
        "/api/v1" => Some(resources("")),
        "/apis/batch" => Some(group("batch")),
        "/apis/batch/v1" => Some(resources("batch")),
        "/apis/authorization.k8s.io/v1" => Some(reviews()),
        _ => None,
    }
}

fn namespace_of(path: &str) -> Option<&str> {
    let name = path.strip_prefix("/api/v1/namespaces/")?;
    (!name.is_empty() && !name.contains('/')).then_some(name)
}

fn namespace(name: &str, uid: &str) -> Value {
    json!({
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": {"name": name, "uid": uid},
        "status": {"phase": "Active"},
    })
}

fn group(name: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

fn resources(group: &str) -> Value {
    let kinds = Kind::ALL.into_iter().filter(|kind| kind.group() == group);
    let mut rows: Vec<_> = kinds.clone().map(Kind::resource).collect();
    let subresources = kinds.flat_map(|kind| match kind {
        Kind::Job => vec![subresource(kind, "status")],
        Kind::Pod => ["status", "log", "eviction"]
            .map(|name| subresource(kind, name))
            .to_vec(),
        Kind::Secret | Kind::Event => Vec::new(),
    });
    rows.extend(subresources);
    let version = match group {
        "" => "v1".to_owned(),
        group => format!("{group}/v1"),
    };
    json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": version,
        "resources": rows,
    })
}

fn subresource(kind: Kind, name: &str) -> Value {
    let verbs: &[&str] = match name {
        "log" => &["get"],
        "eviction" => &["create"],
        _ => &["get", "patch", "update"],
    };
    json!({
        "name": format!("{}/{name}", kind.plural()),
        "singularName": "",
        "namespaced": true,
        "kind": kind.word(),
        "verbs": verbs,
    })
}

fn reviews() -> Value {
    json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": format!("{AUTHORISATION}/v1"),
        "resources": [{
            "name": "selfsubjectaccessreviews",
            "singularName": "selfsubjectaccessreview",
            "namespaced": false,
            "kind": "SelfSubjectAccessReview",
            "verbs": ["create"],
        }],
    })
}
