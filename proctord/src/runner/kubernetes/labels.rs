//! By which labels and annotations what is ours is known on the cluster. They are a promise: Jobs of an earlier
//! version carry them too.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use uuid::Uuid;

use crate::domain::execution::Execution;

pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
pub const MANAGER: &str = "proctord";
pub const INSTALLATION: &str = "proctor.dev/installation";
pub const EXECUTION: &str = "proctor.dev/execution";
/// As version 2 called it.
pub const JOB: &str = "job";

/// The annotation that names the proc, whose name may be longer than a label's value.
pub const PROC: &str = "proctor.dev/proc";

/// The annotation of a Job by which it is let run at most once, and never after it was to end.
pub const STAGE: &str = "proctor.dev/stage";
/// It may be let run.
pub const PREPARED: &str = "prepared";
/// It has been let run.
pub const RESUMED: &str = "resumed";
/// It is to run no more.
pub const ENDED: &str = "ended";

/// The annotation of a Job that tells when it was let run: of a Job that no controller looks at nothing else does.
pub const RESUMED_AT: &str = "proctor.dev/resumed-at";

/// The annotation of a Secret that says under which fence it was made.
pub const FENCE: &str = "proctor.dev/fence";

/// The labels of an execution's Job, Pods and Secret.
#[must_use]
pub fn of(execution: &Execution, installation: Uuid) -> BTreeMap<String, String> {
    [
        (MANAGED_BY, MANAGER.to_owned()),
        (INSTALLATION, installation.to_string()),
        (EXECUTION, execution.id.to_string()),
        (JOB, execution.name.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// What selects everything of this installation.
#[must_use]
pub fn selector(installation: Uuid) -> String {
    format!("{MANAGED_BY}={MANAGER},{INSTALLATION}={installation}")
}

/// Whether an object is this installation's.
#[must_use]
pub fn is_of(object: &ObjectMeta, installation: Uuid) -> bool {
    has(object, INSTALLATION, &installation.to_string())
}

/// Whether an object is this execution's own.
#[must_use]
pub fn belongs_to(object: &ObjectMeta, execution: &Execution, installation: Uuid) -> bool {
    is_of(object, installation) && has(object, EXECUTION, &execution.id.to_string())
}

/// Whether an object was made by somebody who acts for the execution since, so that it is not for us to replace it.
#[must_use]
pub fn is_newer(object: &ObjectMeta, execution: &Execution) -> bool {
    let annotations = object.annotations.as_ref();
    let fence = annotations.and_then(|all| all.get(FENCE)?.parse().ok());
    fence.is_some_and(|fence: i64| fence > execution.fence.0)
}

fn has(object: &ObjectMeta, name: &str, value: &str) -> bool {
    let labels = object.labels.as_ref();
    labels
        .and_then(|labels| labels.get(name))
        .map(String::as_str)
        == Some(value)
}
