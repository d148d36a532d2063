//! The Kubernetes runner for the suite: a double of a cluster for each case. What only this runner promises has cases
//! of its own: at most one Job whoever tries when, secrets in nothing but their Secret, nobody else's Jobs.

mod away;
mod launch;
mod stops;
mod strangers;
mod trouble;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use proctor_testkit::kubernetes::{Kubernetes, Ledger};
use proctord::domain::environment::{self, Secrets};
use proctord::domain::execution::Execution;
use proctord::domain::lifecycle::Exit;
use proctord::runner::kubernetes::{Access, KubernetesRunner, KubernetesSettings};
use proctord::runner::{Launch, LaunchError, Prepared, Runner};
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::runner::subject::RunnerSubject;

const NAMESPACE: &str = "procs";

pub struct KubernetesSubject {
    pub double: Kubernetes,
    pub runner: KubernetesRunner,
    spill: TempDir,
}

impl KubernetesSubject {
    async fn on(double: Kubernetes) -> Self {
        let subject = Self::not_begun(double).await;
        subject.runner.begin(Uuid::new_v4());
        subject
    }

    pub async fn not_begun(double: Kubernetes) -> Self {
        let spill = tempfile::tempdir().unwrap();
        let runner = KubernetesRunner::open(settings(&double, spill.path())).await;
        Self {
            double,
            runner: runner.unwrap(),
            spill,
        }
    }

    /// Another service on the same cluster.
    pub async fn stranger(&self) -> KubernetesRunner {
        let settings = settings(&self.double, self.spill.path());
        let runner = KubernetesRunner::open(settings).await.unwrap();
        runner.begin(Uuid::new_v4());
        runner
    }

    /// The Job, Pod or Secret of that name as the cluster has it.
    pub fn object(&self, plural: &str, execution: &Execution) -> Option<Value> {
        let name = execution.name.as_str();
        self.double.object(plural, NAMESPACE, name)
    }

    pub fn ledger(&self) -> Ledger {
        self.double.ledger()
    }

    /// How often a Job of this execution was created, and a container of it started.
    pub fn counts(&self, execution: &Execution) -> (usize, usize) {
        let ledger = self.ledger();
        let jobs = ledger.jobs.iter();
        let jobs = jobs.filter(|job| job.name == execution.name.as_str());
        let id = execution.id.to_string();
        (jobs.count(), ledger.runs_of(&id).count())
    }
}

fn settings(double: &Kubernetes, spill: &Path) -> KubernetesSettings {
    KubernetesSettings {
        access: Access::Kubeconfig {
            path: Some(double.kubeconfig(NAMESPACE)),
            context: None,
        },
        namespace: None,
        service_account: None,
        annotations: BTreeMap::new(),
        start_patience: Duration::from_secs(60),
        grace: Duration::from_secs(1),
        spill: spill.to_owned(),
    }
}

/// One more try to prepare, with these secrets.
pub async fn try_to_prepare(
    runner: &KubernetesRunner,
    execution: &Execution,
    secrets: &Secrets,
) -> Result<Box<dyn Prepared>, LaunchError> {
    let launch = Launch {
        execution,
        environment: environment::merge(execution, secrets),
        bundle: None,
    };
    runner.prepare(launch).await
}

pub fn token(value: &str) -> Secrets {
    [("TOKEN".parse().unwrap(), value.to_owned().into())].into()
}

#[async_trait]
impl RunnerSubject for KubernetesSubject {
    async fn fresh() -> Self {
        let double = Kubernetes::builder()
            .retry_delay(Duration::from_millis(10))
            .end_delay(Duration::from_millis(50));
        Self::on(double.start()).await
    }

    fn runner(&self) -> &dyn Runner {
        &self.runner
    }

    /// A container tells no signals.
    fn exit_by(&self, signal: i32) -> Exit {
        Exit::Code(128 + signal)
    }

    /// Long enough for a Pod to begin and its log to be followed on a machine that is busy with other tests.
    fn short_deadline_seconds(&self) -> u32 {
        10
    }

    /// A Pod that was ended is gone, and its log with it.
    fn keeps_the_output_of_what_was_ended(&self) -> bool {
        false
    }
}
