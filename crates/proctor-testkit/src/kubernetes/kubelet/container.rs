//! What is to be run for a Pod's only container, or what keeps it from being created.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::environment::Environment;
use super::images;
use crate::kubernetes::state::{Key, State};

#[derive(Debug)]
pub(super) struct Container {
    pub(super) program: PathBuf,
    pub(super) args: Vec<String>,
    pub(super) workdir: PathBuf,
    pub(super) environment: Environment,
}

/// Why a container waits.
#[derive(Debug)]
pub(super) enum Obstacle {
    /// Its image cannot be pulled, for this reason.
    NoImage(String),
    Config {
        reason: &'static str,
        message: String,
    },
}

impl Container {
    pub(super) fn of(
        state: &State,
        key: &Key,
        pod: &Value,
        images: Option<&Path>,
    ) -> Result<Self, Obstacle> {
        let container = &pod["spec"]["containers"][0];
        let image = container["image"].as_str().unwrap_or_default();
        let workdir = images::workdir(images, image)
            .ok_or_else(|| Obstacle::NoImage(images::failure(image)))?;
        let mut environment =
            Environment::of(state, &key.namespace, container).map_err(|message| {
                Obstacle::Config {
                    reason: "CreateContainerConfigError",
                    message,
                }
            })?;
        let mut words = words(&environment, container);
        if words.is_empty() {
            return Err(Obstacle::Config {
                reason: "CreateContainerError",
                message: "failed to generate container spec: no command specified".to_owned(),
            });
        }
        environment.surround(&key.name);
        let workdir = match container["workingDir"].as_str() {
            Some(stated) => workdir.join(stated),
            None => workdir,
        };
        let program = words.remove(0);
        Ok(Self {
            program: if program.contains('/') {
                workdir.join(program)
            } else {
                PathBuf::from(program)
            },
            args: words,
            workdir,
            environment,
        })
    }
}

fn words(environment: &Environment, container: &Value) -> Vec<String> {
    ["command", "args"]
        .iter()
        .flat_map(|field| container[field].as_array().into_iter().flatten())
        .filter_map(Value::as_str)
        .map(|word| environment.expand(word))
        .collect()
}
