//! The Pod of a launch: one container that bears the execution's name, with no more rights than it needs.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::{
    Container, EnvVar, EnvVarSource, LocalObjectReference, PodSecurityContext, PodSpec,
    ResourceRequirements, SeccompProfile, SecretKeySelector, SecurityContext, Toleration,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use proctor_api::{KubernetesMetadata, Resources};

use crate::domain::environment::Value;
use crate::runner::Launch;
use crate::runner::kubernetes::settings::KubernetesSettings;

pub(super) fn spec(launch: &Launch<'_>, settings: &KubernetesSettings) -> PodSpec {
    let nothing = KubernetesMetadata::default();
    let wanted = launch.execution.plan.kubernetes.as_ref();
    let wanted = wanted.unwrap_or(&nothing);
    PodSpec {
        automount_service_account_token: Some(wanted.service_account_token.unwrap_or(false)),
        containers: vec![container(launch, wanted)],
        // They would put an address of every service into the environment.
        enable_service_links: Some(false),
        image_pull_secrets: some(
            wanted
                .image_pull_secrets
                .iter()
                .map(|name| reference(name))
                .collect(),
        ),
        node_selector: (!wanted.node_selector.is_empty()).then(|| wanted.node_selector.clone()),
        restart_policy: Some("Never".to_owned()),
        security_context: Some(PodSecurityContext {
            seccomp_profile: Some(SeccompProfile {
                type_: "RuntimeDefault".to_owned(),
                localhost_profile: None,
            }),
            ..PodSecurityContext::default()
        }),
        service_account_name: wanted
            .service_account
            .clone()
            .or_else(|| settings.service_account.clone()),
        termination_grace_period_seconds: Some(grace_seconds(settings.grace).into()),
        tolerations: some(wanted.tolerations.iter().map(toleration).collect()),
        ..PodSpec::default()
    }
}

/// In whole seconds, and at least one: with none, a Pod is forgotten before its node has ended it.
pub(in super::super) fn grace_seconds(grace: Duration) -> u32 {
    let seconds = grace.as_millis().div_ceil(1000);
    u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
}

fn container(launch: &Launch<'_>, wanted: &KubernetesMetadata) -> Container {
    let execution = launch.execution;
    let plan = &execution.plan;
    let command = plan.command.as_ref();
    Container {
        name: execution.name.to_string(),
        image: Some(plan.image.clone()),
        image_pull_policy: wanted
            .image_pull_policy
            .map(|policy| policy.as_str().into()),
        command: command.map(|words| words.iter().map(|word| literal(word)).collect()),
        env: some(environment(launch)),
        resources: plan.resources.as_ref().and_then(limits),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            ..SecurityContext::default()
        }),
        // Anything else would put the end of the output, unmasked, into the Pod's status.
        termination_message_policy: Some("File".to_owned()),
        ..Container::default()
    }
}

fn environment(launch: &Launch<'_>) -> Vec<EnvVar> {
    let secret = launch.execution.name.as_str();
    let variable = |(name, value): (&String, &Value)| EnvVar {
        name: name.clone(),
        value: match value {
            Value::Plain(text) => Some(literal(text)),
            Value::Secret(_) => None,
        },
        value_from: match value {
            Value::Plain(_) => None,
            Value::Secret(_) => Some(EnvVarSource {
                secret_key_ref: Some(SecretKeySelector {
                    name: secret.to_owned(),
                    key: name.clone(),
                    optional: None,
                }),
                ..EnvVarSource::default()
            }),
        },
    };
    launch.environment.iter().map(variable).collect()
}

/// A text that arrives as it is: Kubernetes takes `$(NAME)` for a variable and `$$` for one `$`.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

fn limits(resources: &Resources) -> Option<ResourceRequirements> {
    let named = [("cpu", &resources.cpu), ("memory", &resources.memory)];
    let limits: BTreeMap<_, _> = named
        .into_iter()
        .filter_map(|(name, amount)| Some((name.to_owned(), Quantity(amount.clone()?))))
        .collect();
    (!limits.is_empty()).then(|| ResourceRequirements {
        limits: Some(limits),
        ..ResourceRequirements::default()
    })
}

fn reference(name: &str) -> LocalObjectReference {
    LocalObjectReference {
        name: name.to_owned(),
    }
}

fn toleration(wanted: &proctor_api::Toleration) -> Toleration {
    Toleration {
        key: wanted.key.clone(),
        operator: wanted.operator.clone(),
        value: wanted.value.clone(),
        effect: wanted.effect.clone(),
        toleration_seconds: wanted.seconds.map(i64::from),
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}
