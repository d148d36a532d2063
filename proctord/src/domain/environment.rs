//! The environment of one execution: args, then secrets, then the context variables; each name once, the
//! later one wins. Nothing of proctord's own environment is in it.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};

use super::args::{Args, VALUE_LIMIT_BYTES};
use super::execution::Execution;
use super::name::VariableName;

/// The values of a proc's secrets.
pub type Secrets = BTreeMap<VariableName, SecretString>;

/// Where a variable's value came from; a secret's must not be written where others read it.
#[derive(Debug, Clone)]
pub enum Value {
    Plain(String),
    Secret(SecretString),
}

impl Value {
    /// The text that the proc will see.
    #[must_use]
    pub fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(text) => text.expose_secret(),
        }
    }
}

/// What keeps a value from being a secret: it could not be in a process's environment.
#[must_use]
pub fn secret_flaw(value: &str) -> Option<String> {
    if value.contains('\0') {
        return Some("must not contain a NUL byte".to_owned());
    }
    (value.len() > VALUE_LIMIT_BYTES).then(|| {
        format!(
            "has {} bytes, at most {VALUE_LIMIT_BYTES} are taken",
            value.len()
        )
    })
}

/// The merged environment of an execution.
#[must_use]
pub fn merge(execution: &Execution, secrets: &Secrets) -> BTreeMap<String, Value> {
    let mut variables = BTreeMap::new();
    add_args(&mut variables, &execution.plan.args);
    for (name, value) in secrets {
        variables.insert(name.to_string(), Value::Secret(value.clone()));
    }
    for (name, value) in context(execution) {
        variables.insert(name.to_owned(), Value::Plain(value));
    }
    variables
}

fn add_args(variables: &mut BTreeMap<String, Value>, args: &Args) {
    for (name, value) in args {
        variables.insert(name.to_string(), Value::Plain(value.clone()));
    }
}

fn context(execution: &Execution) -> [(&'static str, String); 5] {
    [
        ("EXECUTION_ID", execution.id.to_string()),
        ("JOB_NAME", execution.proc_name.to_string()),
        ("EXECUTION_NAME", execution.name.to_string()),
        ("USER_EMAIL", execution.user.clone()),
        ("IMAGE_TAG", execution.plan.image.clone()),
    ]
}
