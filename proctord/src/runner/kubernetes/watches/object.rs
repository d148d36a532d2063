//! Objects as the API server sends them, read leniently: what is not needed is not looked at, and an object that
//! cannot be understood is an error of its own and none of the list that it is in.

use std::collections::BTreeMap;
use std::fmt::Debug;

use jiff::Timestamp;
use k8s_openapi::api::{batch::v1::Job, core::v1::Pod};
use kube::Resource;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::super::seen::{ConditionSeen, JobSeen, PodSeen};

/// A kind of object that is watched, reduced to what is seen of it.
pub(super) trait Watched: Clone + Debug + Send + Sync + Sized + 'static {
    /// As paths and messages name it.
    const PLURAL: &'static str;

    /// As people are told of them.
    const WORD: &'static str;

    fn url_path(namespace: &str) -> String;

    /// The execution's name, and what is seen.
    fn read(metadata: &Metadata, object: Value) -> Result<(String, Self), Unreadable>;

    fn uid(&self) -> &str;
}

/// Why an object could not be understood.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("{0}")]
    Shape(String),
    #[error("it belongs to no Job")]
    NoJob,
}

/// An object as it came.
#[derive(Debug, Clone)]
pub(super) struct Object<K> {
    pub(super) metadata: Metadata,
    /// The execution's name with what is seen.
    pub(super) seen: Result<(String, K), Unreadable>,
}

impl<'de, K: Watched> Deserialize<'de> for Object<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut object = Value::deserialize(deserializer)?;
        let metadata = part::<Metadata>(object["metadata"].take());
        Ok(match metadata {
            Ok(metadata) => Self {
                seen: K::read(&metadata, object),
                metadata,
            },
            Err(error) => Self {
                metadata: Metadata::default(),
                seen: Err(error),
            },
        })
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) resource_version: String,
    generation: i64,
    creation_timestamp: Option<Timestamp>,
    deletion_timestamp: Option<Timestamp>,
    labels: Option<BTreeMap<String, String>>,
    annotations: Option<BTreeMap<String, String>>,
    owner_references: Option<Vec<Owner>>,
}

#[derive(Debug, Clone, Deserialize)]
struct Owner {
    kind: String,
    name: String,
    uid: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JobSpec {
    suspend: Option<bool>,
    parallelism: Option<i32>,
    backoff_limit: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct JobStatus {
    active: Option<i32>,
    terminating: Option<i32>,
    failed: Option<i32>,
    succeeded: Option<i32>,
    start_time: Option<Timestamp>,
    conditions: Option<Vec<Condition>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Condition {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) status: String,
    reason: Option<String>,
    message: Option<String>,
    last_transition_time: Option<Timestamp>,
}

impl Condition {
    pub(super) fn seen(self) -> ConditionSeen {
        ConditionSeen {
            kind: self.kind,
            reason: self.reason.unwrap_or_default(),
            message: self.message.unwrap_or_default(),
            since: self.last_transition_time,
        }
    }
}

/// Kubernetes' own backoff limit, where a Job says none.
const USUAL_RETRIES: i32 = 6;

impl Watched for JobSeen {
    const PLURAL: &'static str = "jobs";
    const WORD: &'static str = "Jobs";

    fn url_path(namespace: &str) -> String {
        Job::url_path(&(), Some(namespace))
    }

    fn read(metadata: &Metadata, mut object: Value) -> Result<(String, Self), Unreadable> {
        let spec: JobSpec = part(object["spec"].take())?;
        let status: JobStatus = part(object["status"].take())?;
        let conditions = status.conditions.unwrap_or_default().into_iter();
        let is_true = |condition: &Condition| condition.status == "True";
        let job = Self {
            uid: metadata.uid.clone(),
            revision: metadata.resource_version.clone(),
            generation: metadata.generation,
            suspended: spec.suspend.unwrap_or(false),
            parallelism: spec.parallelism.unwrap_or(1),
            deleting: metadata.deletion_timestamp.is_some(),
            retries: spec.backoff_limit.unwrap_or(USUAL_RETRIES),
            active: status.active.unwrap_or(0),
            terminating: status.terminating.unwrap_or(0),
            failed: status.failed.unwrap_or(0),
            succeeded: status.succeeded.unwrap_or(0),
            started_at: status.start_time,
            conditions: conditions.filter(is_true).map(Condition::seen).collect(),
            annotations: metadata.own_annotations(),
        };
        Ok((metadata.name.clone(), job))
    }

    fn uid(&self) -> &str {
        &self.uid
    }
}

impl Watched for PodSeen {
    const PLURAL: &'static str = "pods";
    const WORD: &'static str = "Pods";

    fn url_path(namespace: &str) -> String {
        Pod::url_path(&(), Some(namespace))
    }

    fn read(metadata: &Metadata, object: Value) -> Result<(String, Self), Unreadable> {
        let (name, uid) = metadata.job().ok_or(Unreadable::NoJob)?;
        let pod = super::pod::read(metadata, &name, uid, object)?;
        Ok((name, pod))
    }

    fn uid(&self) -> &str {
        &self.uid
    }
}

impl Metadata {
    pub(super) fn created_at(&self) -> Timestamp {
        self.creation_timestamp.unwrap_or(Timestamp::UNIX_EPOCH)
    }

    pub(super) fn deletion(&self) -> Option<Timestamp> {
        self.deletion_timestamp
    }

    /// The annotations by which Proctor remembers something; others may be long.
    fn own_annotations(&self) -> BTreeMap<String, String> {
        let all = self.annotations.iter().flatten();
        let own = all.filter(|(name, _)| name.starts_with("proctor.dev/"));
        own.map(|(name, text)| (name.clone(), text.clone()))
            .collect()
    }

    /// Name and uid of the Job that a Pod belongs to. One that was orphaned has no owner any more, but labels.
    fn job(&self) -> Option<(String, String)> {
        let owners = self.owner_references.iter().flatten();
        let mut jobs = owners.filter(|owner| owner.kind == "Job");
        if let Some(owner) = jobs.next() {
            return Some((owner.name.clone(), owner.uid.clone()));
        }
        let label = |name: &str| self.labels.as_ref()?.get(name).cloned();
        let name = label("batch.kubernetes.io/job-name").or_else(|| label("job-name"))?;
        let uid =
            label("batch.kubernetes.io/controller-uid").or_else(|| label("controller-uid"))?;
        Some((name, uid))
    }
}

/// A part of an object; one that is not there is as if it were empty.
pub(super) fn part<T: DeserializeOwned + Default>(value: Value) -> Result<T, Unreadable> {
    if value.is_null() {
        return Ok(T::default());
    }
    serde_json::from_value(value).map_err(|error| Unreadable::Shape(error.to_string()))
}
