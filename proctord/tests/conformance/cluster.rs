//! The suite of runners on a real cluster, the one that `$KUBECONFIG` or `~/.kube/config` leads to: `make
//! test-kubernetes`. `PROCTOR_TEST_NAMESPACE` names a namespace (`default`), `PROCTOR_TEST_IMAGE` an image with a shell
//! (`busybox:1.36`). Its Jobs are deleted when a case is over.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot go on should say where"
)]

mod runner;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use proctor_testkit::wait_for_async;
use proctord::domain::execution::Plan;
use proctord::domain::lifecycle::Exit;
use proctord::runner::Runner;
use proctord::runner::kubernetes::{Access, KubernetesRunner, KubernetesSettings};
use tempfile::TempDir;
use uuid::Uuid;

use crate::runner::subject::{RunnerSubject, shell_plan};

runner_suite!(cluster_runner, crate::ClusterSubject);

/// Less than the ten seconds that a Job waits before its second Pod, more than a Pod takes to begin.
const FIRST_ATTEMPT: SignedDuration = SignedDuration::from_secs(8);

pub struct ClusterSubject {
    runner: KubernetesRunner,
    installation: Uuid,
    spill: TempDir,
}

impl ClusterSubject {
    async fn open(installation: Uuid, spill: &Path) -> KubernetesRunner {
        let settings = KubernetesSettings {
            access: Access::Kubeconfig {
                path: None,
                context: None,
            },
            namespace: Some(variable("PROCTOR_TEST_NAMESPACE", "default")),
            service_account: None,
            annotations: BTreeMap::new(),
            start_patience: Duration::from_secs(60),
            grace: Duration::from_secs(1),
            spill: spill.to_owned(),
        };
        let runner = KubernetesRunner::open(settings).await.unwrap();
        runner.begin(installation);
        runner
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the cluster is, is no configuration of the service"
)]
fn variable(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

#[async_trait]
impl RunnerSubject for ClusterSubject {
    async fn fresh() -> Self {
        let installation = Uuid::new_v4();
        let spill = tempfile::tempdir().unwrap();
        Self {
            runner: Self::open(installation, spill.path()).await,
            installation,
            spill,
        }
    }

    fn runner(&self) -> &dyn Runner {
        &self.runner
    }

    fn plan(&self, line: &str) -> Plan {
        Plan {
            image: variable("PROCTOR_TEST_IMAGE", "busybox:1.36"),
            ..shell_plan(line)
        }
    }

    /// A container's first process does not die by a signal that it sends itself.
    fn dying_line(&self, signal: i32) -> String {
        format!("sh -c 'kill -{signal} $$'; exit $?")
    }

    fn exit_by(&self, signal: i32) -> Exit {
        Exit::Code(128 + signal)
    }

    /// Nodes share no files with this machine, only the time.
    fn first_attempt(&self, _folder: &Path) -> String {
        let end = Timestamp::now() + FIRST_ATTEMPT;
        format!("[ $(date +%s) -lt {} ]", end.as_second())
    }

    fn short_deadline_seconds(&self) -> u32 {
        5
    }

    fn keeps_the_output_of_what_was_ended(&self) -> bool {
        false
    }
}

impl Drop for ClusterSubject {
    fn drop(&mut self) {
        let (installation, spill) = (self.installation, self.spill.path().to_owned());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        // A case runs on a runtime already; this one needs a thread of its own.
        let cleaned = std::thread::spawn(move || {
            runtime.map(|runtime| runtime.block_on(clean(installation, &spill)))
        });
        assert!(cleaned.join().is_ok(), "the cluster could not be cleaned");
    }
}

async fn clean(installation: Uuid, spill: &Path) {
    let runner = ClusterSubject::open(installation, spill).await;
    // A Job says that it is over some seconds after its Pod.
    wait_for_async("the cluster to be clean", async || {
        let all = runner.held().await.unwrap();
        for held in &all {
            runner.discard(held).await.unwrap();
        }
        if all.is_empty() { Ok(()) } else { Err(all) }
    })
    .await;
}
