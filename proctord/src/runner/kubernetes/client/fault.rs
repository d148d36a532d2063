//! Why the cluster did not do what it was asked: in kinds that callers decide by, naming verb and object. What an
//! answer about a Secret says is kept short, for it could quote what is in it.

use kube::core::Status;
use thiserror::Error;

/// A call that came to nothing.
#[derive(Debug, Error)]
#[error("cannot {verb} {object}")]
pub struct ClusterError {
    pub verb: &'static str,
    /// Kind and name.
    pub object: String,
    #[source]
    pub fault: Fault,
}

/// Why it came to nothing.
#[derive(Debug, Error)]
pub enum Fault {
    #[error("it is not there")]
    NotFound,
    /// What it was to be done in.
    #[error("there is no namespace {name}")]
    NoNamespace { name: String },
    #[error("something of that name is there already")]
    AlreadyThere,
    /// A precondition does not hold.
    #[error("it is another one or has changed: {message}")]
    Conflict { message: String },
    /// The cluster will not have it, now or later.
    #[error("the cluster refuses it: {message}")]
    Refused { message: String },
    /// Somebody has to grant it first: a right or a quota.
    #[error("it is forbidden: {message}")]
    Forbidden { message: String },
    /// It may come about later.
    #[error("the cluster is not available")]
    Unavailable(#[from] Trouble),
}

/// What keeps the cluster from answering.
#[derive(Debug, Error)]
pub enum Trouble {
    #[error("the kubeconfig cannot be used")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
    #[error("there is no service account: this is no Pod of a cluster")]
    InCluster(#[from] kube::config::InClusterError),
    #[error("it cannot be connected to")]
    Connection(#[source] kube::Error),
    #[error("the request broke off")]
    Broken(#[source] kube::Error),
    #[error("it did not answer in time")]
    Slow,
    #[error("it does not know who asks: {message}")]
    Login { message: String },
    #[error("it answered {code}: {message}")]
    Status { code: u16, message: String },
    #[error("its answer cannot be understood")]
    Unreadable(#[source] serde_json::Error),
    #[error("its answer about a Secret cannot be understood")]
    UnreadableSecret,
    #[error("a request to it cannot be put together")]
    Request(#[from] kube::core::request::Error),
    #[error("connecting to it broke")]
    Aborted(#[from] tokio::task::JoinError),
}

/// An answer that is no success, and whether it may be another one soon.
#[derive(Debug)]
pub(super) enum Answer {
    Final(Fault),
    Passing(Trouble),
}

/// What an answer means. `is_secret` if it is about one.
pub(super) fn of_answer(code: u16, body: &[u8], is_secret: bool) -> Answer {
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    let message = if is_secret && code != 403 {
        status.reason
    } else {
        told(status.message, body)
    };
    match code {
        404 => Answer::Final(absence(body)),
        409 if is_already_there(body) => Answer::Final(Fault::AlreadyThere),
        409 => Answer::Final(Fault::Conflict { message }),
        401 => Answer::Passing(Trouble::Login { message }),
        403 if message.contains("denied the request") => Answer::Final(Fault::Refused { message }),
        403 => Answer::Final(Fault::Forbidden { message }),
        408 | 425 | 429 | 500.. => Answer::Passing(Trouble::Status { code, message }),
        _ => Answer::Final(Fault::Refused { message }),
    }
}

/// Whether it is the namespace that is missing, the answer says.
fn absence(body: &[u8]) -> Fault {
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    match status.details {
        Some(details) if details.kind == "namespaces" => Fault::NoNamespace { name: details.name },
        _ => Fault::NotFound,
    }
}

fn is_already_there(body: &[u8]) -> bool {
    let status: Status = serde_json::from_slice(body).unwrap_or_default();
    status.reason == "AlreadyExists"
}

/// What a proxy in between says is no Status.
fn told(message: String, body: &[u8]) -> String {
    const LIMIT: usize = 300;
    if message.is_empty() {
        String::from_utf8_lossy(body).chars().take(LIMIT).collect()
    } else {
        message
    }
}

impl ClusterError {
    /// What whoever waits for it may read: no address, no account, nothing that was in what was sent.
    #[must_use]
    pub fn in_public(&self) -> String {
        let Self {
            verb,
            object,
            fault,
        } = self;
        match fault {
            Fault::NoNamespace { name } => {
                format!("the cluster has no namespace {name}; somebody has to create it")
            }
            Fault::Forbidden { message } => forbidden(verb, object, message),
            Fault::Conflict { .. } => {
                "what an earlier try has left is being cleared away".to_owned()
            }
            fault => format!("the cluster {}", fault.in_public()),
        }
    }
}

/// Why something is forbidden, as far as it concerns whoever waits for it: the rest names accounts.
fn forbidden(verb: &str, object: &str, message: &str) -> String {
    if let Some((_, quota)) = message.split_once("exceeded quota: ") {
        return format!("the quota forbids it: {quota}");
    }
    if message.contains("it is being terminated") {
        return "its namespace is being deleted".to_owned();
    }
    let kind = object.split(' ').next().unwrap_or_default();
    let kind = kind.trim_end_matches('s');
    format!("proctord has no right to {verb} {kind}s; somebody has to give it that")
}

impl Fault {
    /// Whether waiting is of no use.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    /// What is wrong with the cluster, in words that everybody may read.
    #[must_use]
    pub fn in_public(&self) -> &'static str {
        match self {
            Self::Unavailable(Trouble::Login { .. }) => "refuses the login",
            Self::Unavailable(Trouble::Kubeconfig(_) | Trouble::InCluster(_)) => {
                "is not configured as it should be"
            }
            Self::Unavailable(Trouble::Slow) => "does not answer in time",
            Self::Unavailable(
                Trouble::Status { .. } | Trouble::Unreadable(_) | Trouble::UnreadableSecret,
            ) => "is not available",
            Self::Unavailable(_) => "is unreachable",
            Self::Forbidden { .. } => "refuses access",
            Self::NoNamespace { .. } => "does not have the namespace that is configured",
            _ => "is not available",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Fault, Trouble, of_answer};

    fn status(reason: &str, message: &str) -> Vec<u8> {
        format!(r#"{{"kind":"Status","reason":"{reason}","message":"{message}"}}"#).into_bytes()
    }

    #[test]
    fn two_conflicts_are_told_apart_by_their_reason() {
        let there = of_answer(409, &status("AlreadyExists", "x"), false);
        let other = of_answer(409, &status("Conflict", "x"), false);

        assert!(matches!(there, Answer::Final(Fault::AlreadyThere)));
        assert!(matches!(other, Answer::Final(Fault::Conflict { .. })));
    }

    #[test]
    fn a_right_or_a_quota_may_come_and_a_webhook_s_no_stands() {
        let quota = of_answer(403, &status("Forbidden", "exceeded quota: few"), false);
        let denied = "admission webhook \\\"w\\\" denied the request: no";
        let webhook = of_answer(403, &status("Forbidden", denied), false);

        assert!(matches!(quota, Answer::Final(Fault::Forbidden { .. })));
        assert!(matches!(webhook, Answer::Final(Fault::Refused { .. })));
    }

    #[test]
    fn a_namespace_that_is_missing_is_named() {
        let kind = |kind: &str| {
            format!(r#"{{"kind":"Status","details":{{"name":"procs","kind":"{kind}"}}}}"#)
        };
        let namespace = of_answer(404, kind("namespaces").as_bytes(), false);
        let job = of_answer(404, kind("jobs").as_bytes(), false);

        assert!(
            matches!(&namespace, Answer::Final(Fault::NoNamespace { name }) if name == "procs"),
            "{namespace:?}"
        );
        assert!(matches!(job, Answer::Final(Fault::NotFound)), "{job:?}");
    }

    #[test]
    fn what_passes_is_told_from_what_stands() {
        for code in [429, 500, 502, 503, 504] {
            let answer = of_answer(code, b"overloaded", false);
            let Answer::Passing(Trouble::Status { message, .. }) = answer else {
                panic!("{code}: {answer:?}");
            };
            assert_eq!(message, "overloaded");
        }
        assert!(matches!(
            of_answer(422, &status("Invalid", "no"), false),
            Answer::Final(Fault::Refused { .. })
        ));
    }

    #[test]
    fn what_is_said_of_a_secret_is_not_repeated() {
        let answer = of_answer(422, &status("Invalid", "value canary is bad"), true);

        assert!(!format!("{answer:?}").contains("canary"), "{answer:?}");
    }
}
