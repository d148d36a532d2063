//! Who may do what: everybody everything, but for what a test forbids. Tokens are not looked at.

use serde_json::{Value, json};

use super::cluster::Cluster;
use super::refusal::Refusal;
use super::request::Target;

/// Where a client asks what it may do.
pub(crate) const PATH: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

/// Something that nobody may do: a verb and a resource, as `create` and `jobs` or `get` and `pods/log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ban {
    pub(crate) verb: String,
    pub(crate) resource: String,
}

pub(crate) fn check(cluster: &Cluster, verb: &str, target: &Target) -> Result<(), Refusal> {
    let resource = match &target.subresource {
        None => target.kind.plural().to_owned(),
        Some(subresource) => format!("{}/{subresource}", target.kind.plural()),
    };
    if !is_banned(cluster, verb, &resource) {
        return Ok(());
    }
    let namespace = target.namespace.as_deref().unwrap_or_default();
    Err(Refusal::forbidden(target.kind, verb, &resource, namespace))
}

/// The answer to a `SelfSubjectAccessReview`.
pub(crate) fn review(cluster: &Cluster, mut review: Value) -> Value {
    let asked = &review["spec"]["resourceAttributes"];
    let text = |field: &str| asked[field].as_str().unwrap_or_default();
    let resource = match text("subresource") {
        "" => text("resource").to_owned(),
        subresource => format!("{}/{subresource}", text("resource")),
    };
    let allowed = !is_banned(cluster, text("verb"), &resource);
    review["status"] = json!({"allowed": allowed});
    review
}

fn is_banned(cluster: &Cluster, verb: &str, resource: &str) -> bool {
    let bans = cluster.bans();
    bans.iter()
        .any(|ban| ban.verb == verb && ban.resource == resource)
}
