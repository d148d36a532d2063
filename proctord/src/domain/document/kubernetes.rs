//! The section `kubernetes` of a document: its form, and the rules by which the API server would refuse a Job that
//! is made of it. What is wrong is told when it is published, not when it is first run. Whether what it names
//! exists on the cluster is not asked.

mod names;

use std::collections::{BTreeMap, BTreeSet};

use proctor_api::{KubernetesMetadata, Toleration};

use super::fields::{Fields, keyed};
pub(crate) use names::dns_mistake;
use names::{key_mistake, value_mistake};

/// What Proctor writes on its own objects, and believes when it reads it there.
const OWN_PREFIX: &str = "proctor.dev/";

pub(super) fn read(fields: &mut Fields<'_, '_>) -> KubernetesMetadata {
    let section = KubernetesMetadata {
        image_pull_secrets: fields.texts("image_pull_secrets").unwrap_or_default(),
        image_pull_policy: fields.policy("image_pull_policy"),
        annotations: fields.texts_by_key("annotations"),
        node_selector: fields.texts_by_key("node_selector"),
        tolerations: fields.objects("tolerations", read_toleration),
        service_account: fields.optional_text("service_account"),
        service_account_token: fields.flag("service_account_token"),
    };
    fields.refuse_the_rest();
    check_pull_secrets(&section.image_pull_secrets, fields);
    check_annotations(&section.annotations, fields);
    check_node_selector(&section.node_selector, fields);
    if let Some(message) = section.service_account.as_deref().and_then(dns_mistake) {
        fields.note("service_account", message);
    }
    section
}

fn check_pull_secrets(secrets: &[String], fields: &mut Fields<'_, '_>) {
    let mut seen = BTreeSet::new();
    for (index, name) in secrets.iter().enumerate() {
        let place = format!("image_pull_secrets[{index}]");
        if let Some(message) = dns_mistake(name) {
            fields.note(&place, message);
        } else if !seen.insert(name) {
            fields.note(&place, format!("repeats the name {name}"));
        }
    }
}

fn check_annotations(annotations: &BTreeMap<String, String>, fields: &mut Fields<'_, '_>) {
    for key in annotations.keys() {
        if let Some(message) = annotation_mistake(key) {
            fields.note(&keyed("annotations", key), message);
        }
    }
}

/// What is wrong with the key of an annotation that somebody wants on our objects.
pub(crate) fn annotation_mistake(key: &str) -> Option<&'static str> {
    // The API server looks at the key of an annotation as if it were in lower case.
    let mistake = key_mistake(&key.to_ascii_lowercase());
    let is_own = key.starts_with(OWN_PREFIX);
    mistake.or_else(|| is_own.then_some("is Proctor's own: nobody else sets it"))
}

fn check_node_selector(selector: &BTreeMap<String, String>, fields: &mut Fields<'_, '_>) {
    for (key, value) in selector {
        let place = keyed("node_selector", key);
        for message in [key_mistake(key), value_mistake(value)]
            .into_iter()
            .flatten()
        {
            fields.note(&place, message);
        }
    }
}

fn read_toleration(fields: &mut Fields<'_, '_>) -> Toleration {
    let mistakes = fields.mistakes();
    let toleration = Toleration {
        key: fields.optional_text("key"),
        operator: fields.word("operator", &["Equal", "Exists"]),
        value: fields.optional_text("value"),
        effect: fields.word("effect", &["NoSchedule", "PreferNoSchedule", "NoExecute"]),
        seconds: fields.count("seconds"),
    };
    fields.refuse_the_rest();
    // Of a field that could not be read the rules below would say what is not so.
    if fields.mistakes() == mistakes {
        check_toleration(&toleration, fields);
    }
    toleration
}

fn check_toleration(toleration: &Toleration, fields: &mut Fields<'_, '_>) {
    let exists = toleration.operator.as_deref() == Some("Exists");
    match &toleration.key {
        None if !exists => fields.note("key", "is missing: only with operator Exists it may be"),
        None => {}
        Some(key) => {
            if let Some(message) = key_mistake(key) {
                fields.note("key", message);
            }
        }
    }
    match toleration.value.as_deref() {
        Some(_) if exists => fields.note("value", "does not go with operator Exists"),
        Some(value) => {
            if let Some(message) = value_mistake(value) {
                fields.note("value", message);
            }
        }
        None => {}
    }
    if toleration.seconds.is_some() && toleration.effect.as_deref() != Some("NoExecute") {
        fields.note("seconds", "goes only with effect NoExecute");
    }
}

#[cfg(test)]
mod tests;
