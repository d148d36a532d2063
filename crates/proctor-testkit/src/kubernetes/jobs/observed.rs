//! A Job and its Pods as they are at one moment, and what can be read from them. It changes nothing.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::TRACKING;
use crate::kubernetes::kind::Kind;
use crate::kubernetes::state::{Key, State};

pub(super) struct Observed {
    pub(super) job: Arc<Value>,
    pub(super) uid: String,
    pub(super) pods: Vec<Pod>,
}

pub(super) struct Pod {
    pub(super) key: Key,
    pub(super) uid: String,
    phase: String,
    is_ready: bool,
    is_deleted: bool,
    is_tracked: bool,
}

impl Pod {
    fn has_ended(&self) -> bool {
        matches!(self.phase.as_str(), "Succeeded" | "Failed")
    }
}

impl Observed {
    pub(super) fn of(state: &State, key: &Key) -> Option<Self> {
        let job = Arc::clone(state.get(key)?);
        let uid = job["metadata"]["uid"].as_str()?.to_owned();
        let pods = state
            .dependants(&uid)
            .filter(|(key, _)| key.kind == Kind::Pod)
            .filter(|(_, pod)| owner_of(pod).is_some_and(|(_, owner)| owner == uid))
            .map(|(key, pod)| Pod {
                key: key.clone(),
                uid: text(&pod["metadata"]["uid"]),
                phase: text(&pod["status"]["phase"]),
                is_ready: conditions(pod)
                    .any(|one| one["type"] == "Ready" && one["status"] == "True"),
                is_deleted: !pod["metadata"]["deletionTimestamp"].is_null(),
                is_tracked: list(&pod["metadata"]["finalizers"]).any(|one| one == TRACKING),
            })
            .collect();
        Some(Self { job, uid, pods })
    }

    pub(super) fn is_deleted(&self) -> bool {
        !self.job["metadata"]["deletionTimestamp"].is_null()
    }

    pub(super) fn is_suspended(&self) -> bool {
        self.job["spec"]["suspend"] == true
    }

    pub(super) fn is_finished(&self) -> bool {
        self.condition("Complete").is_some() || self.condition("Failed").is_some()
    }

    /// A condition that holds.
    pub(super) fn condition(&self, word: &str) -> Option<&Value> {
        conditions(&self.job).find(|one| one["type"] == word && one["status"] == "True")
    }

    /// The early condition that says what the Job has come to.
    pub(super) fn target(&self) -> Option<&Value> {
        self.condition("SuccessCriteriaMet")
            .or_else(|| self.condition("FailureTarget"))
    }

    pub(super) fn active(&self) -> impl Iterator<Item = &Pod> {
        self.pods
            .iter()
            .filter(|pod| !pod.has_ended() && !pod.is_deleted)
    }

    pub(super) fn terminating(&self) -> usize {
        let pods = self.pods.iter();
        pods.filter(|pod| !pod.has_ended() && pod.is_deleted)
            .count()
    }

    pub(super) fn ready(&self) -> usize {
        self.active().filter(|pod| pod.is_ready).count()
    }

    /// The Pods that have ended and are not counted yet. One that is being deleted counts as failed, at once or
    /// when it has ended, as the policy says.
    pub(super) fn newly(&self, succeeded: bool) -> Vec<&str> {
        let waits = self.job["spec"]["podReplacementPolicy"] == "Failed";
        let tracked = self.pods.iter().filter(|pod| pod.is_tracked);
        tracked
            .filter(|pod| match pod.phase.as_str() {
                "Succeeded" => succeeded,
                "Failed" => !succeeded,
                _ => pod.is_deleted && !succeeded && (!waits || self.target().is_some()),
            })
            .map(|pod| pod.uid.as_str())
            .collect()
    }

    /// The Pods that the status names as ended and does not count yet.
    pub(super) fn uncounted(&self) -> HashSet<String> {
        let named = &self.job["status"]["uncountedTerminatedPods"];
        list(&named["succeeded"])
            .chain(list(&named["failed"]))
            .map(text)
            .collect()
    }

    pub(super) fn has_uncounted_failure(&self) -> bool {
        let named = &self.job["status"]["uncountedTerminatedPods"];
        list(&named["failed"]).next().is_some()
    }

    pub(super) fn succeeded(&self) -> u64 {
        self.job["status"]["succeeded"].as_u64().unwrap_or(0)
    }

    pub(super) fn failed(&self) -> u64 {
        self.job["status"]["failed"].as_u64().unwrap_or(0)
    }

    pub(super) fn completions(&self) -> u64 {
        self.job["spec"]["completions"].as_u64().unwrap_or(1)
    }

    pub(super) fn backoff_limit(&self) -> u64 {
        self.job["spec"]["backoffLimit"].as_u64().unwrap_or(6)
    }

    /// How many Pods are missing.
    pub(super) fn wanted(&self) -> usize {
        let parallelism = self.job["spec"]["parallelism"].as_u64().unwrap_or(1);
        let left = self.completions().saturating_sub(self.succeeded());
        let wanted = usize::try_from(parallelism.min(left)).unwrap_or(usize::MAX);
        let waits = self.job["spec"]["podReplacementPolicy"] == "Failed";
        let there = self.active().count() + if waits { self.terminating() } else { 0 };
        wanted.saturating_sub(there)
    }

    /// Whether somebody has set its parallelism to 0.
    pub(super) fn may_have_none(&self) -> bool {
        self.job["spec"]["parallelism"] == 0
    }

    pub(super) fn deadline(&self) -> Option<Timestamp> {
        let seconds = self.job["spec"]["activeDeadlineSeconds"].as_i64()?;
        let started: Timestamp = self.job["status"]["startTime"].as_str()?.parse().ok()?;
        Some(started + SignedDuration::from_secs(seconds))
    }

    /// When a Job that has finished is to go.
    pub(super) fn expiry(&self) -> Option<Timestamp> {
        let seconds = self.job["spec"]["ttlSecondsAfterFinished"].as_i64()?;
        let end = self
            .condition("Complete")
            .or_else(|| self.condition("Failed"))?;
        let end: Timestamp = end["lastTransitionTime"].as_str()?.parse().ok()?;
        Some(end + SignedDuration::from_secs(seconds))
    }
}

/// The name and the uid of the Job that controls a Pod.
pub(super) fn owner_of(pod: &Value) -> Option<(String, String)> {
    list(&pod["metadata"]["ownerReferences"])
        .find(|reference| reference["kind"] == "Job" && reference["controller"] == true)
        .map(|reference| (text(&reference["name"]), text(&reference["uid"])))
}

fn conditions(object: &Value) -> impl Iterator<Item = &Value> {
    list(&object["status"]["conditions"])
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
