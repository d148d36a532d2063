//! What a proc says about its Pods, for people. Nothing is made visible here; whoever prints the rows does that.

use std::collections::BTreeMap;

use proctor_api::{KubernetesMetadata, Toleration};

/// Name and value of each row; what the proc leaves to the cluster has none.
pub fn rows(section: &KubernetesMetadata) -> Vec<(&'static str, String)> {
    let several = |name, values: Vec<String>| values.into_iter().map(move |value| (name, value));
    let one = |name, value: Option<String>| value.map(|value| (name, value)).into_iter();
    let policy = section.image_pull_policy;
    let token = |given| if given { "is given" } else { "is not given" };
    let tolerations = section.tolerations.iter().map(taints).collect();
    several("Pull Secret", section.image_pull_secrets.clone())
        .chain(one(
            "Pull Policy",
            policy.map(|policy| policy.as_str().into()),
        ))
        .chain(several("Annotation", pairs(&section.annotations)))
        .chain(several("Node Selector", pairs(&section.node_selector)))
        .chain(several("Tolerates", tolerations))
        .chain(one("Service Account", section.service_account.clone()))
        .chain(one(
            "Its Token",
            section.service_account_token.map(token).map(Into::into),
        ))
        .collect()
}

fn pairs(texts: &BTreeMap<String, String>) -> Vec<String> {
    texts
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect()
}

/// The taints that it means, as kubectl writes them.
fn taints(toleration: &Toleration) -> String {
    let mut text = match (&toleration.key, toleration.operator.as_deref()) {
        (None, _) => "every taint".to_owned(),
        (Some(key), Some("Exists")) => key.clone(),
        (Some(key), _) => format!("{key}={}", toleration.value.as_deref().unwrap_or_default()),
    };
    if let Some(effect) = &toleration.effect {
        text.push(':');
        text.push_str(effect);
    }
    if let Some(seconds) = toleration.seconds {
        text.push_str(&format!(" for {seconds} s"));
    }
    text
}

#[cfg(test)]
mod tests {
    use proctor_api::{KubernetesMetadata, Toleration};

    use super::{rows, taints};

    fn toleration(key: &str, operator: &str, value: &str, effect: &str) -> Toleration {
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Toleration {
            key: text(key),
            operator: text(operator),
            value: text(value),
            effect: text(effect),
            seconds: None,
        }
    }

    #[test]
    fn taints_are_written_as_kubectl_does() {
        let for_a_while = Toleration {
            seconds: Some(60),
            ..toleration("gone", "Exists", "", "NoExecute")
        };
        for (toleration, expected) in [
            (
                toleration("gpu", "", "a100", "NoSchedule"),
                "gpu=a100:NoSchedule",
            ),
            (toleration("gpu", "Equal", "", ""), "gpu="),
            (toleration("gpu", "Exists", "", ""), "gpu"),
            (
                toleration("", "Exists", "", "NoExecute"),
                "every taint:NoExecute",
            ),
            (for_a_while, "gone:NoExecute for 60 s"),
        ] {
            assert_eq!(taints(&toleration), expected);
        }
    }

    #[test]
    fn what_is_left_to_the_cluster_has_no_row() {
        assert!(rows(&KubernetesMetadata::default()).is_empty());
        let refused = KubernetesMetadata {
            service_account_token: Some(false),
            ..KubernetesMetadata::default()
        };
        assert_eq!(rows(&refused), [("Its Token", "is not given".to_owned())]);
    }
}
