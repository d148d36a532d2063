//! A container's environment as the kubelet makes it: sources first, then single variables, each of which can
//! refer to those before it. Only Secrets are known as sources.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::kubernetes::kind::Kind;
use crate::kubernetes::state::{Key, State};

/// Names and values; a later one of the same name replaces the earlier.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Environment(pub(super) Vec<(String, String)>);

impl Environment {
    /// The environment of a container, or what is missing for it.
    pub(super) fn of(state: &State, namespace: &str, container: &Value) -> Result<Self, String> {
        let mut environment = Self::default();
        for source in list(&container["envFrom"]) {
            let reference = &source["secretRef"];
            let prefix = source["prefix"].as_str().unwrap_or_default();
            let data = secret(state, namespace, reference)?;
            for (name, value) in data.and_then(Value::as_object).into_iter().flatten() {
                environment.set(&format!("{prefix}{name}"), decoded(value));
            }
        }
        for variable in list(&container["env"]) {
            let name = variable["name"].as_str().unwrap_or_default();
            let reference = &variable["valueFrom"]["secretKeyRef"];
            if reference.is_null() {
                let value = variable["value"].as_str().unwrap_or_default();
                environment.set(name, environment.expand(value));
                continue;
            }
            let found = secret(state, namespace, reference)?;
            let wanted = reference["key"].as_str().unwrap_or_default();
            match found.and_then(|data| data.get(wanted)) {
                Some(value) => environment.set(name, decoded(value)),
                None if reference["optional"] == true => {}
                None => {
                    let secret = reference["name"].as_str().unwrap_or_default();
                    return Err(format!(
                        "couldn't find key {wanted} in Secret {namespace}/{secret}"
                    ));
                }
            }
        }
        Ok(environment)
    }

    /// Replaces `$(NAME)` by the value, if there is one, and `$$` by `$`.
    pub(super) fn expand(&self, text: &str) -> String {
        let mut expanded = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            expanded.push_str(&rest[..at]);
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix('$') {
                expanded.push('$');
                rest = after;
            } else if let Some((name, after)) = rest
                .strip_prefix('(')
                .and_then(|after| after.split_once(')'))
            {
                match self.get(name) {
                    Some(value) => expanded.push_str(value),
                    None => expanded.push_str(&format!("$({name})")),
                }
                rest = after;
            } else {
                expanded.push('$');
            }
        }
        expanded + rest
    }

    /// Adds what every container has, where it says nothing itself.
    pub(super) fn surround(&mut self, host_name: &str) {
        let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        for (name, value) in [("PATH", path), ("HOSTNAME", host_name)] {
            if self.get(name).is_none() {
                self.set(name, value.to_owned());
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    fn set(&mut self, name: &str, value: String) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value));
    }
}

/// The data of a Secret; none if it is absent and may be.
fn secret<'a>(
    state: &'a State,
    namespace: &str,
    reference: &Value,
) -> Result<Option<&'a Value>, String> {
    let name = reference["name"].as_str().unwrap_or_default();
    match state.get(&Key::new(Kind::Secret, namespace, name)) {
        Some(secret) => Ok(Some(&secret["data"])),
        None if reference["optional"] == true => Ok(None),
        None => Err(format!("secret \"{name}\" not found")),
    }
}

fn decoded(value: &Value) -> String {
    let bytes = STANDARD.decode(value.as_str().unwrap_or_default());
    String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kubernetes::clock::Time;

    #[test]
    fn a_variable_refers_to_those_before_it() {
        let container = json!({"env": [
            {"name": "A", "value": "a"},
            {"name": "B", "value": "$(A)$(C)$$(A)$$$A$"},
            {"name": "C", "value": "c"},
        ]});

        let made = Environment::of(&State::new(1, Time::Real), "procs", &container)
            .expect("nothing is missing");

        assert_eq!(made.get("B"), Some("a$(C)$(A)$$A$"));
    }

    #[test]
    fn a_secret_that_is_absent_is_named() {
        let reference = json!({"name": "absent", "key": "S"});
        let container = json!({"env": [{"name": "S", "valueFrom": {"secretKeyRef": reference}}]});

        let made = Environment::of(&State::new(1, Time::Real), "procs", &container);

        assert_eq!(made, Err("secret \"absent\" not found".to_owned()));
    }
}
