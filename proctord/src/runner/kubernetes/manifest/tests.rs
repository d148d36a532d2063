use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use proctor_api::{ImagePullPolicy, KubernetesMetadata, Resources, Toleration};
use serde_json::Value as Json;
use uuid::Uuid;

use super::{job, secret};
use crate::domain::args::Args;
use crate::domain::environment::{self, Secrets};
use crate::domain::execution::{Execution, Fence, Plan, RunnerKind};
use crate::domain::lifecycle::State;
use crate::runner::Launch;
use crate::runner::kubernetes::settings::{Access, KubernetesSettings};

const INSTALLATION: Uuid = Uuid::from_u128(0x0a0b);
const UID: &str = "11111111-2222-3333-4444-555555555555";

fn settings() -> KubernetesSettings {
    KubernetesSettings {
        access: Access::InCluster,
        namespace: None,
        service_account: None,
        annotations: BTreeMap::new(),
        start_patience: Duration::ZERO,
        grace: Duration::from_millis(9_001),
        spill: "/spill".into(),
    }
}

fn execution(plan: Plan) -> Execution {
    Execution {
        id: "1234567890123".parse().unwrap(),
        name: "proctor-00000000-0000-4000-8000-000000000001"
            .parse()
            .unwrap(),
        proc_name: "Greet.World".parse().unwrap(),
        user: "ann@example.com".into(),
        plan,
        runner: RunnerKind::Kubernetes,
        host: None,
        state: State::Created,
        stop: None,
        created_at: Timestamp::UNIX_EPOCH,
        updated_at: Timestamp::UNIX_EPOCH,
        start_before: Timestamp::UNIX_EPOCH,
        callback_url: None,
        owner: "replica-1".into(),
        fence: Fence(1),
        handle: None,
        log_open: true,
        waiting: None,
        held: false,
        late_outcome: None,
    }
}

fn plan() -> Plan {
    Plan {
        image: "registry.example/greet:1.2".into(),
        command: None,
        bundle: None,
        args: Args::new(),
        secret_names: Vec::new(),
        groups: Vec::new(),
        deadline_seconds: None,
        retries: 0,
        resources: None,
        max_concurrent: None,
        kubernetes: None,
        mail: None,
    }
}

fn full_plan() -> Plan {
    Plan {
        command: Some(vec!["sh".into(), "-c".into(), "echo $WHO $(WHO) $$".into()]),
        args: [
            ("WHO".parse().unwrap(), "a$$b $(TOKEN) $(HOME)".into()),
            ("TOKEN".parse().unwrap(), "an arg of the same name".into()),
        ]
        .into(),
        deadline_seconds: Some(90),
        retries: 2,
        resources: Some(Resources {
            cpu: Some("500m".into()),
            memory: Some("64Mi".into()),
        }),
        kubernetes: Some(KubernetesMetadata {
            image_pull_secrets: vec!["registry".into()],
            image_pull_policy: Some(ImagePullPolicy::Always),
            annotations: pairs(&[("team", "proc's"), ("proctor.dev/proc", "somebody else")]),
            node_selector: pairs(&[("disk", "fast")]),
            tolerations: vec![Toleration {
                key: Some("gpu".into()),
                operator: Some("Exists".into()),
                value: None,
                effect: Some("NoExecute".into()),
                seconds: Some(60),
            }],
            service_account: Some("greeter".into()),
            service_account_token: Some(true),
        }),
        ..plan()
    }
}

fn pairs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

/// Holds an object against its file; with `PROCTOR_WRITE_MANIFESTS` set, writes the file instead.
#[expect(
    clippy::disallowed_methods,
    reason = "whoever changes manifests on purpose says so to the test alone"
)]
fn assert_is(found: &impl serde::Serialize, file: &str) {
    let found = serde_json::to_value(found).unwrap();
    let path = format!(
        "{}/src/runner/kubernetes/manifest/tests/{file}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    if std::env::var_os("PROCTOR_WRITE_MANIFESTS").is_some() {
        let text = serde_json::to_string_pretty(&found).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let expected: Json = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(found, expected, "{found:#}");
}

#[test]
fn a_plain_proc_is_a_suspended_job_with_safe_defaults() {
    let execution = execution(plan());
    let launch = Launch {
        execution: &execution,
        environment: environment::merge(&execution, &Secrets::new()),
        bundle: None,
    };

    assert_is(&job(&launch, &settings(), INSTALLATION), "plain");
    assert!(secret(&launch, UID, INSTALLATION).is_none());
}

#[test]
fn everything_that_a_proc_says_is_in_its_job_and_its_secrets_are_beside_it() {
    let execution = execution(full_plan());
    let mut secrets = Secrets::new();
    secrets.insert("TOKEN".parse().unwrap(), "canary $(WHO)".to_owned().into());
    let launch = Launch {
        execution: &execution,
        environment: environment::merge(&execution, &secrets),
        bundle: None,
    };
    let settings = KubernetesSettings {
        service_account: Some("everybody".into()),
        annotations: pairs(&[("team", "all"), ("site", "one")]),
        ..settings()
    };

    let job = job(&launch, &settings, INSTALLATION);

    assert_is(&job, "full");
    assert!(!serde_json::to_string(&job).unwrap().contains("canary"));
    assert_is(&secret(&launch, UID, INSTALLATION), "full-secret");
}

#[test]
fn what_is_configured_for_all_stands_where_a_proc_says_nothing() {
    let execution = execution(plan());
    let launch = Launch {
        execution: &execution,
        environment: BTreeMap::new(),
        bundle: None,
    };
    let settings = KubernetesSettings {
        service_account: Some("everybody".into()),
        annotations: pairs(&[("team", "all")]),
        grace: Duration::ZERO,
        ..settings()
    };

    let job = job(&launch, &settings, INSTALLATION);

    let pod = job.spec.unwrap().template.spec.unwrap();
    assert_eq!(pod.service_account_name.as_deref(), Some("everybody"));
    assert_eq!(pod.termination_grace_period_seconds, Some(1));
    assert_eq!(job.metadata.annotations.unwrap()["team"], "all");
}
