//! Puts an execution in place on the cluster and lets it run, so that at most one Job ever runs for it. Each step
//! may be repeated by whoever comes after a crash: what is there already is looked at, never made twice.

use std::fmt;

use async_trait::async_trait;
use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::Secret;
use proctor_worker::failpoint;
use serde_json::{Value, json};
use uuid::Uuid;

use super::client::{Cluster, ClusterError, Fault};
use super::home::Home;
use super::settings::KubernetesSettings;
use super::{handle, labels, manifest, stage};
use crate::domain::execution::{Execution, RunnerKind};
use crate::runner::{Launch, LaunchError, Prepared, RunnerError};

/// How often a Secret that is in the way is cleared away before it is left for the next try.
const CLEARINGS: usize = 3;

/// What a launch works with.
pub(super) struct Launcher<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) settings: &'a KubernetesSettings,
    pub(super) installation: Uuid,
    pub(super) home: &'a Home,
}

/// A Job that is in place and suspended.
pub(super) struct PreparedJob {
    cluster: Cluster,
    name: String,
    uid: String,
    /// What the store is to call it.
    handle: String,
}

impl Launcher<'_> {
    /// Job, then Secret; neither runs anything.
    pub(super) async fn place(&self, launch: &Launch<'_>) -> Result<PreparedJob, LaunchError> {
        let execution = launch.execution;
        let job = match handle::uid(execution) {
            Some(uid) => self.find(execution, uid).await?,
            None => self.create(launch).await?,
        };
        failpoint::hit("kubernetes.created");
        let uid = stage::uid(&job).to_owned();
        if let Some(secret) = manifest::secret(launch, &uid, self.installation) {
            self.put(execution, &secret).await?;
            failpoint::hit("kubernetes.secret");
        }
        let handle = match &execution.handle {
            Some(handle) => handle.clone(),
            None => self.called(execution, &uid).await?,
        };
        Ok(PreparedJob {
            cluster: self.cluster.clone(),
            name: execution.name.to_string(),
            uid,
            handle,
        })
    }

    /// The Job that was created before: it is never created again, whatever became of it.
    async fn find(&self, execution: &Execution, uid: &str) -> Result<Job, LaunchError> {
        let found = self.cluster.job(execution.name.as_str()).await;
        match found.map_err(refused(execution))? {
            Some(job) if stage::uid(&job) == uid && is_ready(&job) => Ok(job),
            _ => Err(LaunchError::Started {
                handle: execution.handle.clone(),
            }),
        }
    }

    async fn create(&self, launch: &Launch<'_>) -> Result<Job, LaunchError> {
        let execution = launch.execution;
        let wanted = manifest::job(launch, self.settings, self.installation);
        match self.cluster.create_job(&wanted).await {
            Ok(job) => Ok(job),
            Err(error) if matches!(error.fault, Fault::AlreadyThere) => {
                let found = self.cluster.job(execution.name.as_str()).await;
                let found = found.map_err(refused(execution))?;
                let found = found.ok_or_else(|| refused(execution)(error))?;
                self.take_over(execution, found).await
            }
            Err(error) => Err(refused(execution)(error)),
        }
    }

    /// A Job of its name that was there: its own, from an earlier try, or somebody else's.
    async fn take_over(&self, execution: &Execution, job: Job) -> Result<Job, LaunchError> {
        if !labels::belongs_to(&job.metadata, execution, self.installation) {
            return Err(in_the_way("Job"));
        }
        if is_ready(&job) {
            return Ok(job);
        }
        if stage::is_untouched(&job) {
            // It goes, and another one may be made then.
            return Err(refused(execution)(ClusterError {
                verb: "create",
                object: format!("Job {}", execution.name),
                fault: Fault::Conflict {
                    message: "the one of an earlier try is being deleted".to_owned(),
                },
            }));
        }
        // Somebody let it run, though nobody stored that it was created.
        let handle = self.called(execution, stage::uid(&job)).await?;
        Err(LaunchError::Started {
            handle: Some(handle),
        })
    }

    async fn called(&self, execution: &Execution, uid: &str) -> Result<String, LaunchError> {
        self.home.handle(uid).await.map_err(refused(execution))
    }

    /// Has exactly this Secret be there, owned by exactly this Job. One of an earlier try may hold values that have
    /// changed since: the log would not be masked of them. One of a later owner stays: it is we who are late.
    async fn put(&self, execution: &Execution, wanted: &Secret) -> Result<(), LaunchError> {
        let name = execution.name.as_str();
        for _ in 0..CLEARINGS {
            match self.cluster.create_secret(wanted).await {
                Ok(()) => return Ok(()),
                Err(error) if matches!(error.fault, Fault::AlreadyThere) => {}
                Err(error) => return Err(refused(execution)(error)),
            }
            let found = self.cluster.secret(name).await;
            let Some(found) = found.map_err(refused(execution))? else {
                continue;
            };
            if is_same(&found, wanted) {
                return Ok(());
            }
            if !labels::belongs_to(&found.metadata, execution, self.installation) {
                return Err(in_the_way("Secret"));
            }
            if labels::is_newer(&found.metadata, execution) {
                return Err(refused(execution)(ClusterError {
                    verb: "replace",
                    object: format!("Secret {name}"),
                    fault: Fault::Conflict {
                        message: "it is of somebody who acts for the execution since".to_owned(),
                    },
                }));
            }
            match self.cluster.delete_secret(&found).await {
                Ok(()) => {}
                Err(error) if is_gone(&error) => {}
                Err(error) => return Err(refused(execution)(error)),
            }
        }
        Err(refused(execution)(ClusterError {
            verb: "create",
            object: format!("Secret {name}"),
            fault: Fault::AlreadyThere,
        }))
    }
}

#[async_trait]
impl Prepared for PreparedJob {
    fn handle(&self) -> Option<String> {
        Some(self.handle.clone())
    }

    async fn start(self: Box<Self>) -> Result<(), RunnerError> {
        let Self {
            cluster, name, uid, ..
        } = *self;
        let resumed = cluster.patch_job_stepwise(&name, resume(&uid)).await;
        failpoint::hit("kubernetes.resumed");
        match resumed {
            Ok(_) => Ok(()),
            // Another one of its name, none, or one that was let run or ended before: what became of it is for the
            // watch to tell.
            Err(error) if matches!(error.fault, Fault::NotFound | Fault::Refused { .. }) => Ok(()),
            Err(error) => Err(RunnerError {
                kind: RunnerKind::Kubernetes,
                doing: "start",
                execution: name,
                source: Box::new(error),
            }),
        }
    }
}

impl fmt::Debug for PreparedJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Job {} ({}), suspended", self.name, self.uid)
    }
}

/// Lets exactly this Job run, if it has not been let run before and has not been told to end: whoever comes late with
/// it, after having slept perhaps, must not start a second run.
fn resume(uid: &str) -> Value {
    let annotation = |name: &str| format!("/metadata/annotations/{}", name.replace('/', "~1"));
    let stage = annotation(labels::STAGE);
    let now = Timestamp::now().to_string();
    json!([
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": stage, "value": labels::PREPARED},
        {"op": "replace", "path": stage, "value": labels::RESUMED},
        {"op": "add", "path": annotation(labels::RESUMED_AT), "value": now},
        {"op": "replace", "path": "/spec/suspend", "value": false},
    ])
}

/// Whether it is this execution's Job, and nobody has let it run or touched it.
pub(super) fn may_be_let_run(job: &Job, execution: &Execution, installation: Uuid) -> bool {
    let is_own = match handle::uid(execution) {
        Some(uid) => stage::uid(job) == uid,
        None => labels::belongs_to(&job.metadata, execution, installation),
    };
    is_own && is_ready(job)
}

/// Whether a right or a quota was missing.
pub(super) fn is_forbidden(error: &LaunchError) -> bool {
    let LaunchError::Unavailable { source, .. } = error else {
        return false;
    };
    let cause = source.downcast_ref::<ClusterError>();
    cause.is_some_and(|error| matches!(error.fault, Fault::Forbidden { .. }))
}

fn is_ready(job: &Job) -> bool {
    stage::is_untouched(job) && !stage::is_being_deleted(job)
}

fn is_same(found: &Secret, wanted: &Secret) -> bool {
    let owner = |secret: &Secret| {
        let owners = secret.metadata.owner_references.as_ref();
        owners.and_then(|owners| owners.first().map(|owner| owner.uid.clone()))
    };
    found.data == wanted.data
        && found.immutable == wanted.immutable
        && owner(found) == owner(wanted)
        && found.metadata.deletion_timestamp.is_none()
}

/// Whether what was to be deleted is not there any more, or not as that.
pub(super) fn is_gone(error: &ClusterError) -> bool {
    matches!(error.fault, Fault::NotFound | Fault::Conflict { .. })
}

fn in_the_way(kind: &str) -> LaunchError {
    LaunchError::Refused {
        reason: format!("a {kind} of its name is there that is not its own"),
    }
}

fn refused(execution: &Execution) -> impl Fn(ClusterError) -> LaunchError {
    |error| match error.fault {
        Fault::Refused { message } => LaunchError::Refused { reason: message },
        _ => LaunchError::Unavailable {
            kind: RunnerKind::Kubernetes,
            execution: execution.name.to_string(),
            source: Box::new(error),
        },
    }
}
