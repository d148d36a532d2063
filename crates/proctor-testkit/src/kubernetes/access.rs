//! Who may do what: everybody everything, but for what a test forbids; which token is asked for, if any; and which
//! namespaces are not there.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use uuid::Uuid;

use super::refusal::Refusal;
use super::request::Target;

/// Where a client asks what it may do.
pub(crate) const PATH: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";

#[derive(Debug, Default)]
pub(crate) struct Access(Mutex<Rules>);

#[derive(Debug, Default)]
struct Rules {
    bans: Vec<Ban>,
    token: Option<String>,
    absent_namespaces: Vec<String>,
    /// The uids of namespaces that somebody has looked at.
    namespaces: BTreeMap<String, String>,
}

/// Something that nobody may do: a verb and a resource, as `create` and `jobs` or `get` and `pods/log`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ban {
    pub(crate) verb: String,
    pub(crate) resource: String,
}

impl Access {
    pub(crate) fn ban(&self, ban: Ban) {
        self.rules().bans.push(ban);
    }

    pub(crate) fn lift(&self, ban: &Ban) {
        self.rules().bans.retain(|one| one != ban);
    }

    pub(crate) fn require_token(&self, token: &str) {
        self.rules().token = Some(token.to_owned());
    }

    /// A token that is let in.
    pub(crate) fn token(&self) -> String {
        let token = self.rules().token.clone();
        token.unwrap_or_else(|| "of-no-account".to_owned())
    }

    pub(crate) fn remove_namespace(&self, name: &str) {
        let mut rules = self.rules();
        rules.absent_namespaces.push(name.to_owned());
        rules.namespaces.remove(name);
    }

    pub(crate) fn add_namespace(&self, name: &str) {
        self.rules().absent_namespaces.retain(|one| one != name);
    }

    /// Which namespace of that name it is. All are there but those that were removed.
    pub(crate) fn namespace_uid(&self, name: &str) -> Result<String, Refusal> {
        if self.is_banned("get", "namespaces") {
            return Err(Refusal::forbidden_namespace(name));
        }
        if self.is_absent(name) {
            return Err(Refusal::no_such_namespace(name));
        }
        let mut rules = self.rules();
        let uid = rules.namespaces.entry(name.to_owned());
        Ok(uid.or_insert_with(|| Uuid::new_v4().to_string()).clone())
    }

    /// Whether the header `Authorization` has the token that is asked for.
    pub(crate) fn authenticate(&self, header: Option<&str>) -> Result<(), Refusal> {
        let rules = self.rules();
        let told = header.and_then(|header| header.strip_prefix("Bearer "));
        match &rules.token {
            Some(wanted) if told != Some(wanted) => Err(Refusal::unauthorized()),
            _ => Ok(()),
        }
    }

    /// Whether this may be done, and where it is to be done exists.
    pub(crate) fn check(&self, verb: &str, target: &Target) -> Result<(), Refusal> {
        let namespace = target.namespace.as_deref().unwrap_or_default();
        let resource = target.resource();
        if self.is_banned(verb, &resource) {
            return Err(Refusal::forbidden(target.kind, verb, &resource, namespace));
        }
        if verb == "create" && self.is_absent(namespace) {
            return Err(Refusal::no_such_namespace(namespace));
        }
        Ok(())
    }

    pub(crate) fn is_absent(&self, namespace: &str) -> bool {
        let rules = self.rules();
        rules.absent_namespaces.iter().any(|one| one == namespace)
    }

    /// The answer to a `SelfSubjectAccessReview`.
    pub(crate) fn review(&self, mut review: Value) -> Value {
        let asked = &review["spec"]["resourceAttributes"];
        let text = |field: &str| asked[field].as_str().unwrap_or_default();
        let resource = match text("subresource") {
            "" => text("resource").to_owned(),
            subresource => format!("{}/{subresource}", text("resource")),
        };
        let allowed = !self.is_banned(text("verb"), &resource);
        review["status"] = json!({"allowed": allowed});
        review
    }

    fn is_banned(&self, verb: &str, resource: &str) -> bool {
        let rules = self.rules();
        rules
            .bans
            .iter()
            .any(|ban| ban.verb == verb && ban.resource == resource)
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
