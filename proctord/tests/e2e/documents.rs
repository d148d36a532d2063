//! A document comes back as it was published, and what is wrong with it is told with file and line.

use std::fs;

use proctor_testkit::Proctord;
use serde_json::{Value, json};

const PODS: &str = r#"name: mover
image_name: registry.example.org/mover:1
resources: { cpu: 1.5, memory: 1e9 }
kubernetes:
  image_pull_secrets: [registry]
  image_pull_policy: IfNotPresent
  annotations:
    example.org/team: "on call: \u00e4"
    example.org/on: "true"
  node_selector: { disk: ssd }
  tolerations:
    - { key: dedicated, value: procs, effect: NoSchedule }
    - operator: Exists
      effect: NoExecute
      seconds: 300
  service_account: mover
  service_account_token: true
"#;

const WRONG: &str = r#"name: mover
image_name: registry.example.org/mover:1
resources:
  memory: 512m
kubernetes:
  annotations:
    example.org/team: x
    example.org/on: true
  tolerations:
    - seconds: 5
  serviceAccount: mover
"#;

fn publish(proctord: &Proctord, folder: &tempfile::TempDir, text: &str) -> proctor_testkit::Ran {
    let file = folder.path().join("mover.yaml");
    fs::write(&file, text).unwrap();
    let file = file.display().to_string();
    proctord.proctor(&["publish", &file]).run()
}

#[test]
fn what_a_proc_says_about_its_pods_comes_back_as_it_was_published() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();

    let published = publish(&proctord, &folder, PODS);
    let json = proctord
        .proctor(&["describe", "mover", "-o", "json"])
        .succeed();
    let text = proctord.proctor(&["describe", "mover"]).succeed();
    fs::write(folder.path().join("again.json"), &json).unwrap();
    let again = folder.path().join("again.json").display().to_string();
    let _ = proctord.proctor(&["publish", &again]).succeed();

    assert_eq!(published.code, Some(0), "{published:?}");
    let document: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        document["kubernetes"],
        json!({
            "image_pull_secrets": ["registry"],
            "image_pull_policy": "IfNotPresent",
            "annotations": {"example.org/on": "true", "example.org/team": "on call: ä"},
            "node_selector": {"disk": "ssd"},
            "tolerations": [
                {"key": "dedicated", "value": "procs", "effect": "NoSchedule"},
                {"operator": "Exists", "effect": "NoExecute", "seconds": 300}
            ],
            "service_account": "mover",
            "service_account_token": true
        })
    );
    assert_eq!(document["resources"]["cpu"], "1.5");
    for (name, value) in [
        ("Pull Secret", "registry"),
        ("Pull Policy", "IfNotPresent"),
        ("Annotation", "example.org/on=true"),
        ("Annotation", "example.org/team=on call: ä"),
        ("Node Selector", "disk=ssd"),
        ("Tolerates", "dedicated=procs:NoSchedule"),
        ("Tolerates", "every taint:NoExecute for 300 s"),
        ("Service Account", "mover"),
        ("Its Token", "is given"),
    ] {
        let row = format!("{name:<40} {value}\n");
        assert!(text.contains(&row), "{row} is not in {text}");
    }
    let unchanged = proctord
        .proctor(&["describe", "mover", "-o", "json"])
        .succeed();
    assert_eq!(unchanged, json);
}

#[test]
fn mistakes_about_pods_are_told_all_at_once_each_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let proctord = Proctord::at(&folder.path().join("data")).start();

    let refused = publish(&proctord, &folder, WRONG);

    assert_eq!(refused.code, Some(1), "{refused:?}");
    for mistake in [
        "mover.yaml:4: resources.memory is a part of a byte",
        r#"mover.yaml:8: kubernetes.annotations["example.org/on"] must be a text"#,
        "mover.yaml:10: kubernetes.tolerations[0].key is missing",
        "mover.yaml:10: kubernetes.tolerations[0].seconds goes only with effect NoExecute",
        "mover.yaml:11: kubernetes.serviceAccount is no field here",
    ] {
        let told = refused.stderr.contains(mistake);
        assert!(told, "{mistake} is not in {}", refused.stderr);
    }
}
