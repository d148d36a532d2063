//! Which cluster executions run on, and what all of their Jobs have in common; by the Go system's names.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use crate::domain::document::kubernetes::{annotation_mistake, dns_mistake};
use crate::domain::execution::Defaults;
use crate::runner::kubernetes::{Access, KubernetesSettings};

const CONFIG: &str = "PROCTOR_KUBE_CONFIG";
const ANNOTATIONS: &str = "PROCTOR_JOB_POD_ANNOTATIONS";
const SERVICE_ACCOUNT: &str = "PROCTOR_KUBE_SERVICE_ACCOUNT_NAME";
const KEEP: Duration = Duration::from_mins(10);
const START_PATIENCE: Duration = Duration::from_mins(10);
/// The most characters that the name of a namespace may have.
const NAMESPACE_LIMIT: usize = 63;

/// What is configured of the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesConfig {
    access: Access,
    namespace: Option<String>,
    service_account: Option<String>,
    annotations: BTreeMap<String, String>,
    start_patience: Duration,
    /// What a proc gets that says nothing of it.
    pub defaults: Defaults,
    /// How long a Job is kept for people to look at, once it has ended and its log is stored.
    pub keep: Duration,
}

impl KubernetesConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let context = reader.text("PROCTOR_KUBE_CONTEXT");
        Self {
            access: access(reader, context),
            namespace: namespace(reader),
            service_account: service_account(reader),
            annotations: annotations(reader),
            start_patience: reader.duration("PROCTOR_KUBE_START_PATIENCE", START_PATIENCE),
            defaults: defaults(reader),
            keep: reader.duration("PROCTOR_KUBE_JOB_KEEP", KEEP),
        }
    }

    /// The same for the runner.
    #[must_use]
    pub fn settings(&self, grace: Duration, spill: PathBuf) -> KubernetesSettings {
        KubernetesSettings {
            access: self.access.clone(),
            namespace: self.namespace.clone(),
            service_account: self.service_account.clone(),
            annotations: self.annotations.clone(),
            start_patience: self.start_patience,
            grace,
            spill,
        }
    }
}

fn access(reader: &mut Reader, context: Option<String>) -> Access {
    let context = context.filter(|name| name != "default");
    match reader.text(CONFIG).as_deref() {
        None | Some("in-cluster") => Access::InCluster,
        Some("out-of-cluster") => Access::Kubeconfig {
            path: None,
            context,
        },
        Some(path) => Access::Kubeconfig {
            path: Some(kubeconfig(reader, path)),
            context,
        },
    }
}

/// A kubeconfig, which must be there.
fn kubeconfig(reader: &mut Reader, path: &str) -> PathBuf {
    let path = PathBuf::from(path);
    if let Err(error) = std::fs::metadata(&path) {
        let name = reader.name_of(CONFIG);
        reader.mistake(format!(
            "{name} must be in-cluster, out-of-cluster or a file: {} cannot be read: {error}",
            path.display()
        ));
    }
    path
}

fn namespace(reader: &mut Reader) -> Option<String> {
    let wanted = "the name of a namespace: lower-case letters, digits and `-`";
    reader.parse("PROCTOR_DEFAULT_NAMESPACE", None, "", wanted, |text| {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = !text.starts_with('-')
            && !text.ends_with('-')
            && text.len() <= NAMESPACE_LIMIT
            && text.bytes().all(fits);
        is_name.then(|| Some(text.to_owned()))
    })
}

fn annotations(reader: &mut Reader) -> BTreeMap<String, String> {
    let wanted = "a JSON object of texts, such as {\"team\": \"data\"}";
    let annotations: BTreeMap<String, String> =
        reader.parse(ANNOTATIONS, BTreeMap::new(), "", wanted, |text| {
            serde_json::from_str(text).ok()
        });
    for key in annotations.keys() {
        if let Some(message) = annotation_mistake(key) {
            let name = reader.name_of(ANNOTATIONS);
            reader.mistake(format!("{name}: the key {key:?} {message}"));
        }
    }
    annotations
}

fn service_account(reader: &mut Reader) -> Option<String> {
    let account = reader.text(SERVICE_ACCOUNT)?;
    if let Some(message) = dns_mistake(&account) {
        let name = reader.name_of(SERVICE_ACCOUNT);
        reader.mistake(format!("{name} {message}: it is {account:?}"));
    }
    Some(account)
}

fn defaults(reader: &mut Reader) -> Defaults {
    let seconds = reader.number("PROCTOR_KUBE_JOB_ACTIVE_DEADLINE_SECONDS", 0);
    Defaults {
        deadline_seconds: (seconds != 0).then_some(seconds),
        retries: reader.number("PROCTOR_KUBE_JOB_RETRIES", 0),
    }
}
