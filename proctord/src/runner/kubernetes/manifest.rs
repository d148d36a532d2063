//! From an execution to its Job and its Secret: pure functions of what is stored and configured. A secret's value
//! is in the Secret alone; the Job says where it is to be found.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::{PodTemplateSpec, Secret};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use uuid::Uuid;

use super::labels;
use super::settings::KubernetesSettings;
use crate::domain::environment::Value;
use crate::domain::execution::Execution;
use crate::runner::Launch;

mod pod;

pub(super) use pod::grace_seconds;

/// A week: what nobody has cleaned away by then goes by itself.
const TIME_TO_LIVE_SECONDS: i32 = 7 * 24 * 60 * 60;

/// The Job of a launch, suspended.
#[must_use]
pub fn job(launch: &Launch<'_>, settings: &KubernetesSettings, installation: Uuid) -> Job {
    let execution = launch.execution;
    let plan = &execution.plan;
    let metadata = ObjectMeta {
        labels: Some(labels::of(execution, installation)),
        annotations: Some(annotations(execution, settings)),
        ..ObjectMeta::default()
    };
    let mut of_job = ObjectMeta {
        name: Some(execution.name.to_string()),
        ..metadata.clone()
    };
    let stage = (labels::STAGE.to_owned(), labels::PREPARED.to_owned());
    of_job.annotations.get_or_insert_default().extend([stage]);
    let count = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    Job {
        metadata: of_job,
        spec: Some(JobSpec {
            active_deadline_seconds: plan.deadline_seconds.map(i64::from),
            backoff_limit: Some(count(plan.retries)),
            completions: Some(1),
            parallelism: Some(1),
            // A second Pod only when the first one is known to have ended.
            pod_replacement_policy: Some("Failed".to_owned()),
            suspend: Some(true),
            template: PodTemplateSpec {
                // Pods are named by their Job, whatever their template says.
                metadata: Some(metadata),
                spec: Some(pod::spec(launch, settings)),
            },
            ttl_seconds_after_finished: Some(TIME_TO_LIVE_SECONDS),
            ..JobSpec::default()
        }),
        status: None,
    }
}

/// The Secret of a launch, owned by its Job; `None` if there is nothing secret.
#[must_use]
pub fn secret(launch: &Launch<'_>, job_uid: &str, installation: Uuid) -> Option<Secret> {
    let execution = launch.execution;
    let data: BTreeMap<_, _> = launch
        .environment
        .iter()
        .filter(|(_, value)| matches!(value, Value::Secret(_)))
        .map(|(name, value)| (name.clone(), ByteString(value.expose().into())))
        .collect();
    (!data.is_empty()).then(|| Secret {
        metadata: ObjectMeta {
            name: Some(execution.name.to_string()),
            labels: Some(labels::of(execution, installation)),
            annotations: Some([(labels::FENCE.to_owned(), execution.fence.0.to_string())].into()),
            owner_references: Some(vec![owner(execution, job_uid)]),
            ..ObjectMeta::default()
        },
        data: Some(data),
        immutable: Some(true),
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    })
}

fn owner(execution: &Execution, job_uid: &str) -> OwnerReference {
    OwnerReference {
        api_version: "batch/v1".to_owned(),
        kind: "Job".to_owned(),
        name: execution.name.to_string(),
        uid: job_uid.to_owned(),
        // Blocking the owner's deletion would need one more right.
        block_owner_deletion: None,
        controller: Some(true),
    }
}

/// Those of the proc stand over those of all procs, and ours over both.
fn annotations(execution: &Execution, settings: &KubernetesSettings) -> BTreeMap<String, String> {
    let mut all = settings.annotations.clone();
    if let Some(kubernetes) = &execution.plan.kubernetes {
        all.extend(kubernetes.annotations.clone());
    }
    all.insert(labels::PROC.to_owned(), execution.proc_name.to_string());
    all
}

#[cfg(test)]
mod tests;
