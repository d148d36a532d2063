//! Why a request is refused, in the shape and words of a real API server. Deciding it is not done here.

use serde_json::{Map, Value, json};

use super::kind::Kind;

/// A refusal: an HTTP status and the `Status` object that goes with it.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    code: u16,
    reason: &'static str,
    message: String,
    details: Value,
}

/// One field that is wrong.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    pub(crate) reason: &'static str,
    pub(crate) field: String,
    pub(crate) message: String,
}

impl Cause {
    pub(crate) fn value(field: &str, message: String) -> Self {
        Self {
            reason: "FieldValueInvalid",
            field: field.to_owned(),
            message,
        }
    }

    pub(crate) fn required(field: &str, message: &str) -> Self {
        Self {
            reason: "FieldValueRequired",
            field: field.to_owned(),
            message: format!("Required value: {message}"),
        }
    }

    pub(crate) fn forbidden(field: &str, message: &str) -> Self {
        Self {
            reason: "FieldValueForbidden",
            field: field.to_owned(),
            message: format!("Forbidden: {message}"),
        }
    }

    fn told(&self) -> Value {
        json!({"reason": self.reason, "message": self.message, "field": self.field})
    }
}

impl Refusal {
    fn new(code: u16, reason: &'static str, message: String) -> Self {
        Self {
            code,
            reason,
            message,
            details: Value::Null,
        }
    }

    fn about(mut self, kind: Kind, word: &str, name: &str) -> Self {
        let mut details = Map::new();
        if !name.is_empty() {
            details.insert("name".into(), name.into());
        }
        if !kind.group().is_empty() {
            details.insert("group".into(), kind.group().into());
        }
        details.insert("kind".into(), word.into());
        self.details = Value::Object(details);
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message.into())
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized".to_owned())
    }

    pub(crate) fn no_such_namespace(name: &str) -> Self {
        let mut refusal = Self::new(404, "NotFound", format!("namespaces \"{name}\" not found"));
        refusal.details = json!({"name": name, "kind": "namespaces"});
        refusal
    }

    pub(crate) fn forbidden_namespace(name: &str) -> Self {
        let message = format!(
            "namespaces \"{name}\" is forbidden: User \"tester\" cannot get resource \"namespaces\" in API group \"\" \
             in the namespace \"{name}\""
        );
        let mut refusal = Self::new(403, "Forbidden", message);
        refusal.details = json!({"name": name, "kind": "namespaces"});
        refusal
    }

    /// The node of a Pod does not answer the API server; such a refusal has no reason.
    pub(crate) fn no_connection(node: &str, path: &str) -> Self {
        let address = format!("{node}:10250");
        let message = format!(
            "Get \"https://{address}/containerLogs/{path}\": dial tcp {address}: connect: connection refused"
        );
        Self::new(500, "", message)
    }

    pub(crate) fn not_found(kind: Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", kind.qualified());
        Self::new(404, "NotFound", message).about(kind, kind.plural(), name)
    }

    pub(crate) fn no_such_path() -> Self {
        let message = "the server could not find the requested resource";
        Self::new(404, "NotFound", message.to_owned())
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message.to_owned())
    }

    pub(crate) fn already_exists(kind: Kind, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", kind.qualified());
        Self::new(409, "AlreadyExists", message).about(kind, kind.plural(), name)
    }

    /// The object is a newer one than the writer has read.
    pub(crate) fn modified_meanwhile(kind: Kind, name: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": the object has been modified; please apply your \
             changes to the latest version and try again",
            kind.qualified()
        );
        Self::new(409, "Conflict", message).about(kind, kind.plural(), name)
    }

    /// A precondition of a deletion does not hold; `what` is `UID` or `ResourceVersion`.
    pub(crate) fn precondition(
        kind: Kind,
        name: &str,
        what: &str,
        wanted: &str,
        found: &str,
    ) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} \"{name}\": the {what} in the precondition ({wanted}) does not \
             match the {what} in record ({found}). The object might have been deleted and then recreated",
            kind.qualified_word()
        );
        Self::new(409, "Conflict", message).about(kind, kind.word(), name)
    }

    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message.into())
    }

    /// The body is written in a way that is not read here, as kubectl's protobuf.
    pub(crate) fn unsupported_body(found: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: application/json; \
             not {found:?}"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    pub(crate) fn unsupported_patch(found: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: \
             application/json-patch+json, application/merge-patch+json, \
             application/strategic-merge-patch+json, application/apply-patch+yaml; not {found:?}"
        );
        Self::new(415, "UnsupportedMediaType", message)
    }

    pub(crate) fn invalid(kind: Kind, name: &str, causes: &[Cause]) -> Self {
        let mut told: Vec<_> = causes
            .iter()
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        told.dedup();
        let told = match told.as_slice() {
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let message = format!("{} \"{name}\" is invalid: {told}", kind.qualified_word());
        let mut refusal = Self::new(422, "Invalid", message).about(kind, kind.word(), name);
        refusal.details["causes"] = causes.iter().map(Cause::told).collect();
        refusal
    }

    /// A part of a log is asked for in a way that cannot be.
    /// Of a JSON patch of which a step cannot be done, or tests what is not so; a server does not say which.
    pub(crate) fn inapplicable() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::new(422, "Invalid", message.to_owned())
    }

    pub(crate) fn invalid_log_options(pod: &str, cause: &Cause) -> Self {
        let message = format!(
            "PodLogOptions \"{pod}\" is invalid: {}: {}",
            cause.field, cause.message
        );
        let mut refusal = Self::new(422, "Invalid", message).about(Kind::Pod, "PodLogOptions", pod);
        refusal.details["causes"] = json!([cause.told()]);
        refusal
    }

    /// A list or a watch is asked for in a way that makes no sense.
    pub(crate) fn invalid_options(cause: &Cause) -> Self {
        let (field, told) = (&cause.field, &cause.message);
        let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {field}: {told}");
        let mut refusal = Self::new(422, "Invalid", message);
        refusal.details = json!({
            "group": "meta.k8s.io",
            "kind": "ListOptions",
            "causes": [cause.told()],
        });
        refusal
    }

    /// A revision that has not come yet.
    pub(crate) fn too_new(wanted: u64, latest: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {wanted}, current: {latest}");
        let mut refusal = Self::new(504, "Timeout", message);
        refusal.details = json!({
            "causes": [{
                "reason": "ResourceVersionTooLarge",
                "message": "Too large resource version",
            }],
            "retryAfterSeconds": 1,
        });
        refusal
    }

    pub(crate) fn forbidden(kind: Kind, verb: &str, resource: &str, namespace: &str) -> Self {
        let message = format!(
            "{} is forbidden: User \"tester\" cannot {verb} resource \"{resource}\" in API group \"{}\" in the \
             namespace \"{namespace}\"",
            kind.qualified(),
            kind.group()
        );
        Self::new(403, "Forbidden", message).about(kind, kind.plural(), "")
    }

    /// A quota of the namespace is used up.
    pub(crate) fn over_quota(kind: Kind, name: &str, used: usize, most: usize) -> Self {
        let (resource, plural) = (kind.qualified(), kind.plural());
        let message = format!(
            "{resource} \"{name}\" is forbidden: exceeded quota: q, requested: {plural}=1, used: {plural}={used}, \
             limited: {plural}={most}"
        );
        Self::new(403, "Forbidden", message).about(kind, plural, name)
    }

    pub(crate) fn too_many_requests(retry_after_secs: u64) -> Self {
        let message =
            "the server has received too many requests and has asked us to try again later";
        let mut refusal = Self::new(429, "TooManyRequests", message.to_owned());
        refusal.details = json!({"retryAfterSeconds": retry_after_secs});
        refusal
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalError", message.into())
    }

    pub(crate) fn code(&self) -> u16 {
        self.code
    }

    /// After how many seconds the client is to try again, if it was told.
    pub(crate) fn retry_after_secs(&self) -> Option<u64> {
        self.details["retryAfterSeconds"].as_u64()
    }

    /// The `Status` object.
    pub(crate) fn status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "code": self.code,
        });
        if !self.reason.is_empty() {
            status["reason"] = self.reason.into();
        }
        if !self.details.is_null() {
            status["details"] = self.details.clone();
        }
        status
    }
}
