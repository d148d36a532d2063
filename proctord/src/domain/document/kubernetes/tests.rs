use proctor_api::{ImagePullPolicy, KubernetesMetadata, Toleration};
use serde_json::{Value, json};

use crate::domain::document::parse;

fn section(section: &Value) -> Result<Option<KubernetesMetadata>, Vec<String>> {
    let document = json!({"name": "x", "image_name": "image:1", "kubernetes": section});
    match parse(&document) {
        Ok(metadata) => Ok(metadata.kubernetes),
        Err(mistakes) => Err(mistakes.iter().map(ToString::to_string).collect()),
    }
}

fn everything() -> Value {
    json!({
        "image_pull_secrets": ["registry", "reg.example.org"],
        "image_pull_policy": "Always",
        "annotations": {"example.org/team": "data\nand more", "Plain": ""},
        "node_selector": {"example.org/disk": "ssd", "zone": ""},
        "tolerations": [
            {"key": "dedicated", "value": "procs", "effect": "NoSchedule"},
            {"key": "gone", "operator": "Exists", "effect": "NoExecute", "seconds": 0},
            {"operator": "Exists"}
        ],
        "service_account": "mover",
        "service_account_token": true
    })
}

#[test]
fn everything_that_a_proc_may_say_is_read_and_written_as_it_was() {
    let read = section(&everything()).unwrap().unwrap();

    assert_eq!(read.image_pull_policy, Some(ImagePullPolicy::Always));
    assert_eq!(read.annotations["example.org/team"], "data\nand more");
    let anything = Toleration {
        operator: Some("Exists".into()),
        ..Toleration::default()
    };
    assert_eq!(read.tolerations[2], anything);
    assert_eq!(serde_json::to_value(&read).unwrap(), everything());
}

#[test]
fn what_is_empty_or_nothing_says_nothing() {
    let nothing = json!({
        "image_pull_secrets": null, "image_pull_policy": null, "annotations": null, "node_selector": {},
        "tolerations": [], "service_account": null, "service_account_token": null
    });

    assert_eq!(section(&Value::Null), Ok(None));
    assert_eq!(section(&nothing), Ok(Some(KubernetesMetadata::default())));
}

#[test]
fn all_mistakes_of_the_section_are_told_with_their_places() {
    let mistakes = section(&json!({
        "image_pull_secrets": ["registry", "Registry", "registry", ""],
        "image_pull_policy": "always",
        "annotations": {"a b": "x", "example.org/on": true, "proctor.dev/stopped": "by nobody", "Example.org/a": "fine"},
        "node_selector": {"Example.org/a": "fine", "disk": "a/b", "cores": 4},
        "service_account": "Mover",
        "service_account_token": "yes",
        "serviceAccount": "mover"
    }))
    .unwrap_err();

    let expected = [
        r#"kubernetes.image_pull_policy must be one of Always, IfNotPresent, Never, not the text "always""#,
        r#"kubernetes.annotations["example.org/on"] must be a text, in quotes where it looks like something else, not true"#,
        r#"kubernetes.node_selector["cores"] must be a text, in quotes where it looks like something else, not the number 4"#,
        "kubernetes.service_account_token must be true or false",
        "kubernetes.serviceAccount is no field here; there are image_pull_secrets, image_pull_policy, annotations",
        "kubernetes.image_pull_secrets[1] must be a name as Kubernetes has them",
        "kubernetes.image_pull_secrets[2] repeats the name registry",
        "kubernetes.image_pull_secrets[3] must be a name",
        r#"kubernetes.annotations["a b"] must be 1 to 63 letters"#,
        r#"kubernetes.annotations["proctor.dev/stopped"] is Proctor's own"#,
        r#"kubernetes.node_selector["Example.org/a"] must have a DNS name"#,
        r#"kubernetes.node_selector["disk"] must be empty, or up to 63 letters"#,
        "kubernetes.service_account must be a name",
    ];
    assert_eq!(mistakes.len(), expected.len(), "{mistakes:#?}");
    for (mistake, expected) in mistakes.iter().zip(expected) {
        assert!(
            mistake.starts_with(expected),
            "{expected} is not the beginning of {mistake}"
        );
    }
}

#[test]
fn tolerations_follow_the_rules_of_kubernetes() {
    let cases = [
        (
            json!({}),
            "key is missing: only with operator Exists it may be",
        ),
        (
            json!({"operator": "Equal", "value": "a"}),
            "key is missing: only with operator Exists it may be",
        ),
        (
            json!({"key": "a", "operator": "Exists", "value": ""}),
            "value does not go with operator Exists",
        ),
        (json!({"key": "a b"}), "key must be 1 to 63 letters"),
        (
            json!({"key": "a", "value": "a/b"}),
            "value must be empty, or up to 63 letters",
        ),
        (
            json!({"key": "a", "seconds": 5}),
            "seconds goes only with effect NoExecute",
        ),
        (
            json!({"key": "a", "effect": "NoSchedule", "seconds": 5}),
            "seconds goes only with effect NoExecute",
        ),
        (
            json!({"key": "a", "effect": "NoExecute", "seconds": -1}),
            "seconds must be a whole number",
        ),
        (
            json!({"operator": "exists"}),
            "operator must be one of Equal, Exists, not the text",
        ),
        (
            json!({"key": "a", "effect": ""}),
            "effect must be one of NoSchedule, PreferNoSchedule, NoExecute",
        ),
        (
            json!({"key": "a", "tolerationSeconds": 5}),
            "tolerationSeconds is no field here; there are key, operator",
        ),
    ];
    for (toleration, expected) in cases {
        let sound = json!({"key": "a"});
        let mistakes = section(&json!({"tolerations": [sound, toleration]})).unwrap_err();
        let expected = format!("kubernetes.tolerations[1].{expected}");

        assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
        assert!(
            mistakes[0].starts_with(&expected),
            "{expected} is not the beginning of {}",
            mistakes[0]
        );
    }
}

#[test]
fn what_has_another_form_altogether_is_told_once() {
    for (value, expected) in [
        (
            json!("in-cluster"),
            "kubernetes must be an object, not the text",
        ),
        (
            json!({"annotations": ["a"]}),
            "kubernetes.annotations must be an object, not a list",
        ),
        (
            json!({"tolerations": {"key": "a"}}),
            "kubernetes.tolerations must be a list, not an object",
        ),
        (
            json!({"image_pull_secrets": [{"name": "a"}]}),
            "kubernetes.image_pull_secrets must be a list of texts, not a list",
        ),
    ] {
        let mistakes = section(&value).unwrap_err();

        assert_eq!(mistakes.len(), 1, "{mistakes:#?}");
        assert!(mistakes[0].starts_with(expected), "{mistakes:#?}");
    }
}
