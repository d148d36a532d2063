//! How far a Job has come, by what it says of itself.

use k8s_openapi::api::batch::v1::Job;

use super::judge::{GIVEN_UP_ANNOTATION, STOPPED_ANNOTATION};
use crate::runner::HeldStage;

/// Its uid, by which it is told from another of its name.
#[must_use]
pub fn uid(job: &Job) -> &str {
    job.metadata.uid.as_deref().unwrap_or_default()
}

/// Whether it never ran and never will unless we let it.
#[must_use]
pub fn is_untouched(job: &Job) -> bool {
    is_suspended(job) && job.metadata.generation == Some(1)
}

/// Whether somebody has asked for its deletion.
#[must_use]
pub fn is_being_deleted(job: &Job) -> bool {
    job.metadata.deletion_timestamp.is_some()
}

/// Whether it has an outcome.
#[must_use]
pub fn is_finished(job: &Job) -> bool {
    has_condition(job, "Complete") || has_condition(job, "Failed")
}

#[must_use]
pub fn of(job: &Job) -> HeldStage {
    if is_finished(job) || has_been_ended(job) {
        HeldStage::Ended
    } else if is_untouched(job) {
        HeldStage::Prepared
    } else {
        HeldStage::Started
    }
}

/// Whether it is not to have Pods now.
#[must_use]
pub fn is_suspended(job: &Job) -> bool {
    let spec = job.spec.as_ref();
    spec.is_some_and(|spec| spec.suspend == Some(true))
}

/// Whether it is suspended, and its controller says so.
#[must_use]
pub fn is_seen_suspended(job: &Job) -> bool {
    is_suspended(job) && has_condition(job, "Suspended")
}

/// Suspended by us for good, and nothing of it is left.
fn has_been_ended(job: &Job) -> bool {
    let by_us = job.metadata.annotations.as_ref().is_some_and(|all| {
        [STOPPED_ANNOTATION, GIVEN_UP_ANNOTATION]
            .iter()
            .any(|name| all.contains_key(*name))
    });
    let status = job.status.as_ref();
    let left = status.map_or(0, |status| {
        status.active.unwrap_or(0) + status.terminating.unwrap_or(0)
    });
    by_us && is_seen_suspended(job) && left == 0
}

fn has_condition(job: &Job, kind: &str) -> bool {
    let conditions = job
        .status
        .as_ref()
        .and_then(|status| status.conditions.as_ref());
    conditions.is_some_and(|conditions| {
        conditions
            .iter()
            .any(|condition| condition.type_ == kind && condition.status == "True")
    })
}
