use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use proctor_testkit::kubernetes::{Kubernetes, KubernetesBuilder};
use proctor_testkit::wait_for_async;
use proctord::domain::name::ExecutionName;
use proctord::runner::kubernetes::Access;
use proctord::runner::kubernetes::client::Cluster;
use proctord::runner::kubernetes::judge::{Expected, Verdict, judge};
use proctord::runner::kubernetes::logs::{KubernetesOutput, Opening, Patience};
use proctord::runner::kubernetes::seen::Seen;
use proctord::runner::kubernetes::watches::{WatchHealth, Watches};
use proctord::runner::{Output, OutputItem};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A double and what watches it.
pub struct Bench {
    pub double: Kubernetes,
    cluster: Cluster,
    watches: Watches,
    installation: Uuid,
    folder: TempDir,
}

/// A Job that was created.
#[derive(Clone)]
pub struct Run {
    pub name: ExecutionName,
    pub uid: String,
}

/// What was read of an output.
#[derive(Debug, Default)]
pub struct Log {
    pub bytes: Vec<u8>,
    /// Attempts and gaps, with the place in the bytes.
    pub events: Vec<(usize, String)>,
    /// Every cursor, and how many bytes and events came before it.
    pub cursors: Vec<(String, usize, usize)>,
    pub complete: Option<bool>,
}

/// A double that does not take its time.
pub fn quick() -> KubernetesBuilder {
    Kubernetes::builder()
        .end_delay(Duration::ZERO)
        .retry_delay(Duration::from_millis(1))
}

/// As long as a double needs.
pub fn hurried() -> Patience {
    Patience {
        settle: Duration::from_millis(100),
        unseen: Duration::from_millis(500),
        hanging: Duration::from_millis(300),
        first_pause: Duration::from_millis(5),
        longest_pause: Duration::from_millis(200),
        ..Patience::default()
    }
}

impl Bench {
    pub async fn start() -> Self {
        Self::of(quick()).await
    }

    pub async fn of(double: KubernetesBuilder) -> Self {
        let double = double.start();
        let access = Access::Kubeconfig {
            path: Some(double.kubeconfig("procs")),
            context: None,
        };
        let cluster = Cluster::open(access, None).await.unwrap();
        let installation = Uuid::new_v4();
        Self {
            watches: Watches::open(&cluster, installation),
            double,
            cluster,
            installation,
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A path for what a script and a test tell each other.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub async fn run(&self, script: &str) -> Run {
        self.run_with(script, json!({"backoffLimit": 0})).await
    }

    /// Creates a Job with these fields in its `spec`.
    pub async fn run_with(&self, script: &str, mut spec: Value) -> Run {
        let name = ExecutionName::generate();
        let labels = json!({
            "app.kubernetes.io/managed-by": "proctord",
            "proctor.dev/installation": self.installation.to_string(),
        });
        spec["template"] = json!({"metadata": {"labels": labels}, "spec": {
            "restartPolicy": "Never",
            "containers": [{
                "name": name.as_str(),
                "image": "busybox:1.36",
                "command": ["/bin/sh", "-c", script],
            }],
        }});
        let job = json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name.as_str(), "labels": labels},
            "spec": spec,
        });
        let url = self.url("/apis/batch/v1/namespaces/procs/jobs");
        let request = reqwest::Client::new().post(url);
        let request = request.header("content-type", "application/json");
        let answer = request.body(job.to_string()).send().await.unwrap();
        let job: Value = answer.json().await.unwrap();
        let uid = job["metadata"]["uid"].as_str().unwrap().to_owned();
        Run { name, uid }
    }

    /// Suspends the Job for good, as a stop does, and waits until no Pod is at work.
    pub async fn stop(&self, run: &Run, annotations: Value) {
        let path = format!("/apis/batch/v1/namespaces/procs/jobs/{}", run.name);
        let patch = json!({
            "metadata": {"annotations": annotations},
            "spec": {"suspend": true},
        });
        let request = reqwest::Client::new().patch(self.url(&path));
        let request = request.header("content-type", "application/merge-patch+json");
        let answer = request.body(patch.to_string()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        self.seen(run, "no Pod at work", |seen| {
            let job = seen.job.as_ref();
            job.is_some_and(|job| job.suspended && job.active + job.terminating == 0)
        })
        .await;
    }

    /// Looks anew, as another replica that has not seen what was before; returns who looked so far.
    pub fn watch_anew(&mut self) -> Watches {
        let new = Watches::open(&self.cluster, self.installation);
        self.watch_by(new)
    }

    /// Looks as these do; returns who looked so far.
    pub fn watch_by(&mut self, watches: Watches) -> Watches {
        std::mem::replace(&mut self.watches, watches)
    }

    pub async fn delete(&self, run: &Run, query: &str) {
        let path = format!("/apis/batch/v1/namespaces/procs/jobs/{}?{query}", run.name);
        let request = reqwest::Client::new().delete(self.url(&path));
        assert!(request.send().await.unwrap().status().is_success());
    }

    /// Another process in place of the one that watched, which may not watch Pods.
    pub async fn restart_blind(&mut self) {
        self.double.forbid("watch", "pods");
        self.watches = Watches::open(&self.cluster, self.installation);
        wait_for_async("the watch of Pods to fail", async || {
            match self.watches.health().pods {
                WatchHealth::Failing { .. } => Ok(()),
                health => Err(health),
            }
        })
        .await;
    }

    /// The name of the run's first Pod.
    pub fn pod(&self, run: &Run) -> String {
        let seen = Arc::clone(&self.watches.subscribe(&run.name).borrow());
        let pod = seen.pods.values().next().expect("it has a Pod");
        pod.name.clone()
    }

    /// Somebody changes a Pod.
    pub async fn patch_pod(&self, pod: &str, patch: &Value) {
        let url = self.url(&format!("/api/v1/namespaces/procs/pods/{pod}"));
        let request = reqwest::Client::new().patch(url);
        let request = request.header("content-type", "application/merge-patch+json");
        let answer = request.body(patch.to_string()).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    pub async fn delete_pod(&self, pod: &str) {
        let url = self.url(&format!("/api/v1/namespaces/procs/pods/{pod}"));
        let answer = reqwest::Client::new().delete(url).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// Lets a suspended Job run.
    pub async fn resume(&self, run: &Run) {
        let path = format!("/apis/batch/v1/namespaces/procs/jobs/{}", run.name);
        let request = reqwest::Client::new().patch(self.url(&path));
        let request = request.header("content-type", "application/merge-patch+json");
        let answer = request.body(r#"{"spec":{"suspend":false}}"#).send().await;
        assert!(answer.unwrap().status().is_success());
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.double.url())
    }

    /// Waits until this holds of what is seen of a run.
    pub async fn seen(&self, run: &Run, what: &str, holds: impl Fn(&Seen) -> bool) {
        let seen = self.watches.subscribe(&run.name);
        wait_for_async(what, async || {
            let seen = Arc::clone(&seen.borrow());
            if holds(&seen) { Ok(()) } else { Err(seen) }
        })
        .await;
    }

    /// The log of the run's first Pod, as it is now.
    pub async fn raw_log(&self, run: &Run) -> String {
        let seen = Arc::clone(&self.watches.subscribe(&run.name).borrow());
        let Some(pod) = seen.pods.values().next() else {
            return String::new();
        };
        let path = format!("/api/v1/namespaces/procs/pods/{}/log", pod.name);
        let answer = reqwest::get(self.url(&path)).await.unwrap();
        answer.text().await.unwrap()
    }

    pub fn output(&self, run: &Run, cursor: Option<&str>) -> KubernetesOutput {
        self.open(run, cursor, self.folder.path(), hurried())
    }

    pub fn output_spilling_to(
        &self,
        run: &Run,
        cursor: Option<&str>,
        spill: &Path,
    ) -> KubernetesOutput {
        self.open(run, cursor, spill, hurried())
    }

    pub fn output_with(&self, run: &Run, patience: Patience) -> KubernetesOutput {
        self.open(run, None, self.folder.path(), patience)
    }

    fn open(
        &self,
        run: &Run,
        cursor: Option<&str>,
        spill: &Path,
        patience: Patience,
    ) -> KubernetesOutput {
        let cluster = self.cluster.clone();
        let expected = Expected {
            uid: Some(run.uid.clone()),
            ..Expected::default()
        };
        let opening = Opening {
            execution: run.name.clone(),
            job: Some(run.uid.clone()),
            has_run: false,
            streams: Arc::new(move || {
                let cluster = cluster.clone();
                Box::pin(async move { cluster.streams().await })
            }),
            namespace: "procs".to_owned(),
            seen: self.watches.subscribe(&run.name),
            is_final: Arc::new(move |seen| {
                matches!(judge(&expected, seen, Timestamp::now()), Verdict::Ended(_))
            }),
            spill: spill.to_owned(),
            patience,
        };
        KubernetesOutput::open(opening, cursor).unwrap()
    }
}

impl Log {
    /// Takes the next piece; false at the end.
    pub async fn take(&mut self, output: &mut KubernetesOutput, limit: usize) -> bool {
        let item = tokio::time::timeout(PATIENCE, output.next(limit)).await;
        let item = item.unwrap_or_else(|_| panic!("nothing more came after {:?}", self.events));
        let cursor = match item.unwrap() {
            OutputItem::Bytes { bytes, cursor } => {
                self.bytes.extend_from_slice(&bytes);
                cursor
            }
            OutputItem::Attempt { text, cursor } | OutputItem::Gap { text, cursor } => {
                self.events.push((self.bytes.len(), text));
                cursor
            }
            OutputItem::End { complete } => {
                self.complete = Some(complete);
                return false;
            }
        };
        self.cursors
            .push((cursor, self.bytes.len(), self.events.len()));
        true
    }

    pub async fn take_all(mut self, output: &mut KubernetesOutput) -> Self {
        while self.take(output, 512 << 10).await {}
        self
    }

    /// Takes until these bytes are there.
    pub async fn take_until(mut self, output: &mut KubernetesOutput, bytes: &str) -> Self {
        while !self.text().ends_with(bytes) {
            assert!(
                self.take(output, 512 << 10).await,
                "{bytes:?} came not: {self:?}"
            );
        }
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn last_cursor(&self) -> &str {
        &self.cursors.last().expect("something was read").0
    }

    /// That it is exactly this, and whole.
    pub fn assert_is(&self, expected: &[u8]) {
        let same = self
            .bytes
            .iter()
            .zip(expected)
            .take_while(|(one, other)| one == other);
        let (same, length) = (same.count(), self.bytes.len());
        assert!(
            self.bytes == expected,
            "{length} bytes of {}, the first {same} right, {:?}, {:?}",
            expected.len(),
            self.events,
            self.complete
        );
        assert_eq!((self.complete, &self.events[..]), (Some(true), &[][..]));
    }
}
