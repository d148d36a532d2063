//! A place for two replicas: the standby runs all the time, the other ones are struck one after the other.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{Proctord, ProctordBuilder, wait_for_async};
use serde_json::{Value, json};

use super::Fate;
use super::replica::Frail;
use crate::site::{Site, publish, wait_until_ready};

pub const NAMESPACE: &str = "procs";
/// As the cluster knows it.
pub const STANDBY: &str = "standby";
const STOPPABLE: &str = "trap 'echo told; exit 9' TERM; echo ready; while :; do sleep 0.05; done";

pub struct Scene {
    // It goes before what it is on.
    pub standby: Proctord,
    pub site: Site,
    pub double: Kubernetes,
    /// By which the store knows the standby.
    pub standby_id: String,
    /// What each replica is told besides.
    variables: Vec<(String, String)>,
}

impl Scene {
    pub async fn new() -> Self {
        Self::with(Vec::new()).await
    }

    /// One whose replicas have these variables.
    pub async fn with(variables: Vec<(String, String)>) -> Self {
        let double = Kubernetes::builder()
            .end_delay(Duration::from_millis(100))
            .records_requests()
            .start();
        let site = Site::new();
        site.migrate();
        let standby = builder(&site, &double, STANDBY, &variables).start();
        wait_until_ready(&standby).await;
        let standby_id = site.psql("SELECT id FROM proctor.replica");
        let scene = Self {
            site,
            double,
            standby,
            standby_id,
            variables,
        };
        scene.publish().await;
        scene
    }

    async fn publish(&self) {
        let image = |more: Value| {
            let mut fields = json!({"image_name": "busybox:1.36"});
            fields["env_vars"] = more;
            fields
        };
        let gates = self.gate("$CASE").display().to_string();
        let once = format!(
            "echo \"token $TOKEN\"; while [ ! -e {gates} ]; do sleep 0.05; done; echo done; exit 5"
        );
        let variables = json!({"args": [{"name": "CASE"}], "secrets": [{"name": "TOKEN"}]});
        publish(&self.standby, "once", &once, image(variables)).await;
        let set = self.standby.proctor(&["secret", "set", "once", "TOKEN"]);
        let _ = set.input(b"takeover-secret").succeed();
        publish(&self.standby, "stoppable", STOPPABLE, image(json!({}))).await;
        publish(&self.standby, "quick", "exit 0", image(json!({}))).await;
    }

    pub fn replica(&self, name: &str) -> ProctordBuilder {
        builder(&self.site, &self.double, name, &self.variables)
    }

    /// A replica that is yet to come to the point at which it is struck.
    pub fn frail(&self, point: &str, fate: Fate) -> Frail {
        self.frail_with(point, fate, &[])
    }

    /// The same, told something of its own.
    pub fn frail_with(&self, point: &str, fate: Fate, variables: &[(&str, &str)]) -> Frail {
        let points = format!("{point}={}", fate.action());
        let name = format!("{point}.{fate:?}");
        let builder = self.replica(&name).env("PROCTOR_FAIL_POINTS", &points);
        let builder = variables
            .iter()
            .fold(builder, |builder, (name, value)| builder.env(name, value));
        Frail {
            proctord: builder.start(),
            name,
            fate,
        }
    }

    /// The file for which an execution of this case waits.
    pub fn gate(&self, case: &str) -> PathBuf {
        self.site.folder.path().join(format!("gate-{case}"))
    }

    /// Lets the execution of this case come to its end.
    pub fn open_gate(&self, case: &str) {
        fs::write(self.gate(case), "").unwrap();
    }

    /// Waits until the standby acts for an execution.
    pub async fn taken_over(&self, id: u64) {
        let question = format!("SELECT owner FROM proctor.execution WHERE id = {id}");
        wait_for_async(&format!("{id} to be taken over"), async || {
            let owner = self.site.psql(&question);
            if owner == self.standby_id {
                Ok(())
            } else {
                Err(owner)
            }
        })
        .await;
    }

    /// The youngest execution of a proc.
    pub fn youngest(&self, proc_name: &str) -> u64 {
        let question =
            format!("SELECT max(id) FROM proctor.execution WHERE proc_name = '{proc_name}'");
        self.site.psql(&question).parse().unwrap()
    }
}

fn builder(
    site: &Site,
    double: &Kubernetes,
    name: &str,
    variables: &[(String, String)],
) -> ProctordBuilder {
    let kubeconfig = double.kubeconfig_of(name, NAMESPACE);
    let builder = site
        .proctord_beside(name)
        .env("PROCTOR_RUNNER", "kubernetes")
        .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
        .env("PROCTOR_KUBE_JOB_KEEP", "1s")
        .env("PROCTOR_LEASE_LIFETIME", "1s");
    variables
        .iter()
        .fold(builder, |builder, (name, value)| builder.env(name, value))
}
