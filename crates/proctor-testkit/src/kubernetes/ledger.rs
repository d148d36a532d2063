//! The ledger of the double: what really happened, whatever its objects say by now. It is only written to while the
//! double works; tests read a copy.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

use super::clock::Time;

/// What has really happened so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    pub jobs: Vec<JobCreation>,
    pub containers: Vec<ContainerRun>,
    requests: BTreeMap<(String, String), usize>,
}

/// A Job that was created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobCreation {
    pub namespace: String,
    pub name: String,
    pub uid: String,
    pub at: Timestamp,
}

/// A container that was started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerRun {
    pub job_uid: Option<String>,
    pub pod_uid: String,
    pub pod_name: String,
    /// The value of `EXECUTION_ID` in its environment.
    pub execution_id: Option<String>,
    pub started_at: Timestamp,
    /// When it ended, and its exit code.
    pub ended: Option<(Timestamp, i32)>,
}

impl Ledger {
    /// The containers that were started for an execution.
    pub fn runs_of<'a>(
        &'a self,
        execution_id: &'a str,
    ) -> impl Iterator<Item = &'a ContainerRun> + 'a {
        self.containers
            .iter()
            .filter(move |run| run.execution_id.as_deref() == Some(execution_id))
    }

    /// How often a verb was asked of a resource, as `create` of `jobs` or `get` of `pods/log`; of what is no resource
    /// a method of a path, as `GET` of `/version`. Requests that were refused or cut count too.
    #[must_use]
    pub fn requests(&self, verb: &str, resource: &str) -> usize {
        let asked = (verb.to_owned(), resource.to_owned());
        self.requests.get(&asked).copied().unwrap_or_default()
    }

    /// How often each verb was asked of each resource.
    #[must_use]
    pub fn all_requests(&self) -> &BTreeMap<(String, String), usize> {
        &self.requests
    }
}

/// The ledger that is written to.
#[derive(Debug)]
pub(crate) struct OpenLedger {
    time: Time,
    ledger: Mutex<Ledger>,
}

/// Where a container is in the ledger.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line(usize);

impl OpenLedger {
    pub(crate) fn new(time: Time) -> Self {
        Self {
            time,
            ledger: Mutex::default(),
        }
    }

    pub(crate) fn copy(&self) -> Ledger {
        self.open().clone()
    }

    pub(crate) fn asked(&self, verb: &str, resource: &str) {
        let asked = (verb.to_owned(), resource.to_owned());
        *self.open().requests.entry(asked).or_default() += 1;
    }

    pub(crate) fn job_created(&self, job: &Value) {
        let metadata = &job["metadata"];
        self.open().jobs.push(JobCreation {
            namespace: text(&metadata["namespace"]),
            name: text(&metadata["name"]),
            uid: text(&metadata["uid"]),
            at: self.time.now(),
        });
    }

    pub(crate) fn container_started(&self, pod: &Value, execution_id: Option<&str>) -> Line {
        let metadata = &pod["metadata"];
        let owners = metadata["ownerReferences"].as_array();
        let job = owners
            .into_iter()
            .flatten()
            .find(|owner| owner["kind"] == "Job");
        let mut ledger = self.open();
        ledger.containers.push(ContainerRun {
            job_uid: job.map(|job| text(&job["uid"])),
            pod_uid: text(&metadata["uid"]),
            pod_name: text(&metadata["name"]),
            execution_id: execution_id.map(str::to_owned),
            started_at: self.time.now(),
            ended: None,
        });
        Line(ledger.containers.len() - 1)
    }

    pub(crate) fn container_ended(&self, line: Line, exit_code: i32) {
        self.open().containers[line.0].ended = Some((self.time.now(), exit_code));
    }

    fn open(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
