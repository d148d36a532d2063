//! The definition of a proc. `name` to `organization` are the Go system's document unchanged; the rest
//! is optional and absent from documents that do not use it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What Ops people publish about a proc.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Metadata {
    pub name: String,
    pub description: String,
    /// Container image with its tag; may be empty where a `command` runs on plain hosts.
    pub image_name: String,
    pub env_vars: EnvVars,
    /// ALL of these groups are needed to see and run the proc; empty means everybody.
    pub authorized_groups: Vec<String>,
    pub author: String,
    pub contributors: String,
    pub organization: String,
    /// What to start, as an argument vector; absent means the image's entrypoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Digest of the uploaded files that `command` runs in, `sha256:<hex>`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
    /// Ends an execution that runs longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_seconds: Option<u32>,
    /// How often a failed attempt is tried again; absent means never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources: Option<Resources>,
    /// How many executions of this proc run at once; the others wait in a queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<u32>,
    /// Whether args that are not declared may be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_extra_args: Option<bool>,
    /// How its Pods are to be; other runners pass over it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<KubernetesMetadata>,
}

/// What a proc says about its Pods, in Kubernetes' own words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct KubernetesMetadata {
    /// Names of Secrets that open registries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_pull_secrets: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_pull_policy: Option<ImagePullPolicy>,
    /// For Job and Pod, over those that are configured for all.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tolerations: Vec<Toleration>,
    /// Instead of the one that is configured for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// Whether the Pod gets a token of its service account; absent means no.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_token: Option<bool>,
}

/// When a node pulls an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImagePullPolicy {
    Always,
    IfNotPresent,
    Never,
}

impl ImagePullPolicy {
    /// Every policy, in the order in which texts name them.
    pub const ALL: [Self; 3] = [Self::Always, Self::IfNotPresent, Self::Never];

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Always => "Always",
            Self::IfNotPresent => "IfNotPresent",
            Self::Never => "Never",
        }
    }
}

/// A taint of nodes that the Pod does not mind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Toleration {
    /// The taint's key; absent means every taint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// `Equal`, which is the default, or `Exists`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`; absent means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect: Option<String>,
    /// How long a `NoExecute` taint is borne.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
}

/// The environment that a proc is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EnvVars {
    pub secrets: Vec<SecretMetadata>,
    pub args: Vec<ArgMetadata>,
}

/// A secret that a proc needs; its value is set apart from the document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SecretMetadata {
    pub name: String,
    pub description: String,
}

/// A declared arg.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ArgMetadata {
    pub name: String,
    pub description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// Taken when the arg is not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ArgType>,
    /// The values that a `choice` allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<String>>,
    /// A regular expression that the whole value must match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

/// What values an arg takes. On the wire every value is a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ArgType {
    String,
    Integer,
    Number,
    Boolean,
    Choice,
}

impl ArgType {
    /// Every type, in the order in which texts name them.
    pub const ALL: [Self; 5] = [
        Self::String,
        Self::Integer,
        Self::Number,
        Self::Boolean,
        Self::Choice,
    ];

    /// The name in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Choice => "choice",
        }
    }
}

/// What an execution may use, in Kubernetes' notation (`500m`, `64Mi`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Resources {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
}

/// Answer to `POST /metadata` for a client that reads JSON.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Published {
    pub published: Vec<PublishedProc>,
}

/// One proc that was published, and what its publisher should know.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PublishedProc {
    pub name: String,
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Secrets that the document declares and nobody has set yet.
    #[serde(default)]
    pub missing_secrets: Vec<String>,
}
