//! A cluster, a pair of watches, and executions as the runner makes them.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use proctor_testkit::kubernetes::{Kubernetes, KubernetesBuilder};
use proctor_testkit::wait_for_async;
use proctord::domain::lifecycle::{Cause, End, Exit};
use proctord::domain::name::ExecutionName;
use proctord::runner::RunEvent;
use proctord::runner::kubernetes::Access;
use proctord::runner::kubernetes::client::Cluster;
use proctord::runner::kubernetes::follow::{Followed, follow};
use proctord::runner::kubernetes::judge::Expected;
use proctord::runner::kubernetes::watches::{WatchHealth, Watches};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

pub const NAMESPACE: &str = "procs";

/// So long nobody waits for a start in most tests.
pub const PATIENT: Duration = Duration::from_secs(600);

/// After this time a run that tells nothing more has failed its test.
const DEADLINE: Duration = Duration::from_secs(90);

pub struct Scene {
    pub double: Kubernetes,
    pub cluster: Cluster,
    pub watches: Watches,
    installation: Uuid,
}

/// An execution's Job.
pub struct Run {
    pub name: ExecutionName,
    pub uid: String,
}

/// What is told of a run.
pub struct Told(mpsc::Receiver<RunEvent>);

impl Scene {
    pub async fn start() -> Self {
        Self::of(Kubernetes::builder()).await
    }

    /// The double's usual delays would only make tests slow.
    pub async fn of(builder: KubernetesBuilder) -> Self {
        let brief = Duration::from_millis(100);
        let builder = builder.retry_delay(brief).end_delay(brief);
        let double = builder.pull_delay(brief).start();
        let access = Access::Kubeconfig {
            path: Some(double.kubeconfig(NAMESPACE)),
            context: None,
        };
        let cluster = Cluster::open(access, None).await.unwrap();
        let installation = Uuid::new_v4();
        Self {
            watches: Watches::open(&cluster, installation),
            double,
            cluster,
            installation,
        }
    }

    /// Another process in place of the one that watched.
    pub fn restart(&mut self) {
        self.watches = Watches::open(&self.cluster, self.installation);
    }

    /// Runs a script.
    pub async fn run(&self, script: &str) -> Run {
        self.run_with(script, |_| {}).await
    }

    /// Runs a script in a Job whose spec is changed before.
    pub async fn run_with(&self, script: &str, change: impl FnOnce(&mut Value)) -> Run {
        let name = ExecutionName::generate();
        let mut job = self.job(&name, script);
        change(&mut job["spec"]);
        let job = serde_json::from_value(job).unwrap();
        let job = self.cluster.create_job(&job).await.unwrap();
        let uid = job.metadata.uid.unwrap();
        let run = Run { name, uid };
        let annotations = json!({"proctor.dev/resumed-at": Timestamp::now().to_string()});
        let resume = json!({"metadata": {"annotations": annotations}, "spec": {"suspend": false}});
        self.patch(&run, &resume).await;
        run
    }

    /// Runs a script that exits with a code of its own.
    pub async fn run_number(&self, number: usize) -> Run {
        self.run(&format!("exit {}", number % 50)).await
    }

    pub async fn suspend(&self, run: &Run, suspend: bool) {
        let patch = json!({"spec": {"suspend": suspend}});
        self.patch(run, &patch).await;
    }

    pub async fn patch(&self, run: &Run, patch: &Value) {
        let patched = self.cluster.patch_job(run.name.as_str(), patch).await;
        patched.unwrap();
    }

    /// Tells a run to end for good, as a stop does.
    pub async fn stop(&self, run: &Run) {
        let annotations = json!({"proctor.dev/stopped": "me, 2026-11-20T10:00:00Z"});
        let patch = json!({"metadata": {"annotations": annotations}, "spec": {"suspend": true}});
        self.patch(run, &patch).await;
    }

    /// Somebody takes all labels from a Pod.
    pub async fn strip_pod(&self, pod: &str) {
        let request = reqwest::Client::new()
            .patch(self.url(&format!("/api/v1/namespaces/{NAMESPACE}/pods/{pod}")));
        let request = request.header("content-type", "application/merge-patch+json");
        succeeds(request.body(r#"{"metadata":{"labels":null}}"#)).await;
    }

    /// Somebody deletes a Job and leaves its Pod.
    pub async fn orphan(&self, run: &Run) {
        let path = format!(
            "/apis/batch/v1/namespaces/{NAMESPACE}/jobs/{}?propagationPolicy=Orphan",
            run.name
        );
        succeeds(reqwest::Client::new().delete(self.url(&path))).await;
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.double.url())
    }

    /// Nobody may watch Pods any more, and who did may not go on.
    pub async fn blind(&self) {
        self.double.forbid("watch", "pods");
        self.double.cut();
        wait_for_async("the watch of Pods to fail", async || {
            match self.watches.health().pods {
                WatchHealth::Failing { .. } => Ok(()),
                health => Err(health),
            }
        })
        .await;
    }

    pub fn follow(&self, run: &Run, start_patience: Duration) -> Told {
        let followed = Followed {
            name: run.name.clone(),
            expected: Expected {
                uid: Some(run.uid.clone()),
                image: "registry.example/absent:1".to_owned(),
                memory_limit: Some("64Mi".to_owned()),
            },
            start_patience,
            labels: self.labels(),
            waits: None,
        };
        let seen = self.watches.subscribe(&run.name);
        Told(follow(self.cluster.clone(), followed, seen))
    }

    /// Follows a script to its end.
    pub async fn end_of(&self, script: &str) -> End {
        let run = self.run(script).await;
        self.follow(&run, PATIENT).end().await
    }

    /// The name of the run's Pod, once its container runs.
    pub async fn running_pod(&self, run: &Run) -> String {
        wait_for_async("a Pod that runs", async || {
            let pods = self.cluster.pods_of(&run.uid).await.unwrap();
            let running = pods.iter().find(|pod| {
                let status = pod.status.as_ref();
                status.and_then(|status| status.phase.as_deref()) == Some("Running")
            });
            let name = running.and_then(|pod| pod.metadata.name.clone());
            name.ok_or(pods)
        })
        .await
    }

    fn labels(&self) -> BTreeMap<String, String> {
        [
            ("app.kubernetes.io/managed-by", "proctord".to_owned()),
            ("proctor.dev/installation", self.installation.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn job(&self, name: &ExecutionName, script: &str) -> Value {
        let name = name.as_str();
        // Kubernetes would take some of the dollars for itself.
        let script = script.replace('$', "$$");
        let labels = json!(self.labels());
        json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name, "labels": labels},
            "spec": {
                "suspend": true,
                "backoffLimit": 0,
                "podReplacementPolicy": "Failed",
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {
                        "restartPolicy": "Never",
                        "terminationGracePeriodSeconds": 1,
                        "containers": [{
                            "name": name,
                            "image": "busybox",
                            "command": ["/bin/sh", "-c", script],
                        }],
                    },
                },
            },
        })
    }
}

impl Told {
    pub async fn next(&mut self) -> RunEvent {
        let next = tokio::time::timeout(DEADLINE, self.0.recv()).await;
        next.expect("something is told in time")
            .expect("the end has not been told")
    }

    /// What it waits for, once it waits for something.
    pub async fn waits(&mut self) -> String {
        loop {
            match self.next().await {
                RunEvent::Waits {
                    reason: Some(reason),
                } => return reason,
                RunEvent::Ended(end) => panic!("it ended: {end:?}"),
                _ => {}
            }
        }
    }

    pub async fn runs(&mut self) {
        loop {
            match self.next().await {
                RunEvent::Running { .. } => return,
                RunEvent::Ended(end) => panic!("it ended: {end:?}"),
                RunEvent::Waits { .. } => {}
            }
        }
    }

    /// The end, after which nothing is told.
    pub async fn end(mut self) -> End {
        loop {
            if let RunEvent::Ended(end) = self.next().await {
                assert_eq!(self.0.recv().await, None);
                return end;
            }
        }
    }

    /// Whether nothing has been told that has not been taken.
    pub fn is_silent(&mut self) -> bool {
        self.0.try_recv() == Err(mpsc::error::TryRecvError::Empty)
    }
}

async fn succeeds(request: reqwest::RequestBuilder) {
    let answer = request.send().await.unwrap();
    assert!(answer.status().is_success(), "{answer:?}");
}

/// Cause, exit code and reason, which most cases look at.
pub fn told(end: &End) -> (Cause, Option<i32>, &str) {
    let exit = end.ending.exit.and_then(Exit::code);
    (
        end.cause,
        exit,
        end.ending.reason.as_deref().unwrap_or_default(),
    )
}
