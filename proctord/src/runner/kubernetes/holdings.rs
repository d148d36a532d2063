//! What this installation has on the cluster, and how it is let go of: by one list, and by deletions of exactly what
//! was seen.

use k8s_openapi::api::batch::v1::Job;
use proctor_worker::failpoint;
use uuid::Uuid;

use super::client::{Cluster, ClusterError, Fault};
use super::handle::Handle;
use super::home::Home;
use super::{labels, stage};
use crate::domain::name::ExecutionName;
use crate::runner::{Held, HeldStage};

/// How often a Job is looked at again that changes just when it is to be deleted.
const LOOKS: usize = 5;

/// Every Job of ours that nobody has deleted.
pub(super) async fn held(
    cluster: &Cluster,
    home: &Home,
    installation: Uuid,
) -> Result<Vec<Held>, ClusterError> {
    let jobs = cluster.jobs(&labels::selector(installation)).await?;
    let ours = jobs.iter().filter(|job| !stage::is_being_deleted(job));
    Ok(ours.filter_map(|job| of(job, home)).collect())
}

/// The Job of ours that bears this name.
pub(super) async fn look(
    cluster: &Cluster,
    home: &Home,
    name: &ExecutionName,
    installation: Uuid,
) -> Result<Option<Held>, ClusterError> {
    let found = cluster.job(name.as_str()).await?;
    let ours = found.filter(|job| labels::is_of(&job.metadata, installation));
    Ok(ours.as_ref().and_then(|job| of(job, home)))
}

fn of(job: &Job, home: &Home) -> Option<Held> {
    Some(Held {
        name: job.metadata.name.as_deref()?.parse().ok()?,
        handle: Some(home.handle_now(stage::uid(job))),
        stage: stage::of(job),
    })
}

/// Deletes the Job that was held, and with it its Pods and its Secret, unless it runs by now.
pub(super) async fn discard(
    cluster: &Cluster,
    held: &Held,
    installation: Uuid,
) -> Result<(), ClusterError> {
    let mut looks = 0;
    loop {
        let Some(job) = cluster.job(held.name.as_str()).await? else {
            return Ok(());
        };
        let is_it = labels::is_of(&job.metadata, installation)
            && held
                .handle
                .as_deref()
                .is_none_or(|handle| stage::uid(&job) == Handle::parse(handle).uid);
        if !is_it || stage::is_being_deleted(&job) || stage::of(&job) == HeldStage::Started {
            return Ok(());
        }
        looks += 1;
        match cluster.delete_job(&job).await {
            Ok(()) => {
                failpoint::hit("kubernetes.discarded");
                return Ok(());
            }
            Err(error) if matches!(error.fault, Fault::NotFound) => return Ok(()),
            // It has changed since it was looked at.
            Err(error) if matches!(error.fault, Fault::Conflict { .. }) && looks < LOOKS => {}
            Err(error) => return Err(error),
        }
    }
}
