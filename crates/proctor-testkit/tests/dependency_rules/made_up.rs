//! Workspaces that do not exist, for showing that a rule can be broken.

use std::path::Path;

use serde_json::{Value, json};

use crate::workspace::Workspace;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Metadata that is put together crate by crate.
#[derive(Default)]
pub struct MadeUp {
    packages: Vec<Value>,
    members: Vec<Value>,
    nodes: Vec<Value>,
}

impl MadeUp {
    pub fn new() -> Self {
        Self::default()
    }

    /// A crate of the workspace in this folder, with dependencies such as `tokio` or, with its kind,
    /// `dev:tempfile`.
    pub fn member(mut self, folder: &str, dependencies: &[&str]) -> Self {
        let name = name_of(folder);
        self.members.push(json!(name));
        self.add(
            json!({
                "id": name, "name": name, "version": "3.0.0", "license": "Apache-2.0", "source": null,
                "manifest_path": format!("/w/{folder}/Cargo.toml"),
            }),
            dependencies,
        )
    }

    /// A crate from the registry, `name` or `name@version`.
    pub fn foreign(self, package: &str, dependencies: &[&str]) -> Self {
        self.foreign_with(package, dependencies, &json!({}))
    }

    /// As `foreign`, with some fields of its own.
    pub fn foreign_with(self, package: &str, dependencies: &[&str], fields: &Value) -> Self {
        let (name, version) = package.split_once('@').unwrap_or((package, "1.0.0"));
        let mut value = json!({
            "id": package, "name": name, "version": version, "license": "MIT", "source": REGISTRY,
            "manifest_path": format!("/registry/{name}-{version}/Cargo.toml"),
        });
        for (field, own) in fields.as_object().into_iter().flatten() {
            value[field] = own.clone();
        }
        self.add(value, dependencies)
    }

    pub fn build(self) -> Workspace {
        Workspace::new(&json!({
            "workspace_root": "/w",
            "workspace_members": self.members,
            "packages": self.packages,
            "resolve": { "nodes": self.nodes },
        }))
    }

    fn add(mut self, mut package: Value, dependencies: &[&str]) -> Self {
        let parsed: Vec<_> = dependencies.iter().map(|text| split(text)).collect();
        package["dependencies"] = parsed
            .iter()
            .map(|(kind, id)| {
                let name = id.split('@').next();
                json!({ "name": name, "kind": kind, "req": "^1", "path": null })
            })
            .collect();
        let deps: Vec<_> = parsed
            .iter()
            .map(|(kind, id)| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] }))
            .collect();
        self.nodes
            .push(json!({ "id": package["id"], "deps": deps }));
        self.packages.push(package);
        self
    }
}

fn name_of(folder: &str) -> &str {
    Path::new(folder)
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a folder has a name")
}

fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once(':') {
        Some((kind, id)) => (Some(kind), id),
        None => (None, text),
    }
}
