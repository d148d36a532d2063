//! Where settings come from: the environment over the config file over defaults. An empty value counts as
//! unset, as in the Go system, and lets the layer below speak. What values mean is not known here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::file::{BrokenFile, ConfigFile};

/// The layers, read but not understood.
#[derive(Default)]
pub struct Layers {
    environment: BTreeMap<String, String>,
    file: Option<ConfigFile>,
    broken: Option<BrokenFile>,
}

/// Which layer a value is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    Default,
    File {
        path: PathBuf,
        line: u64,
        key: String,
    },
    Environment,
}

/// A value as a layer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) origin: Origin,
}

impl Layers {
    /// The process's environment, and the first config file that there is.
    #[must_use]
    pub fn of_process() -> Self {
        // A variable that is no text cannot be one of ours.
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        Self::of(environment.collect(), Path::new("."))
    }

    /// This environment, and the first config file that it leads to from this folder.
    #[must_use]
    pub fn of(environment: BTreeMap<String, String>, folder: &Path) -> Self {
        let (file, broken) = match ConfigFile::find(&environment, folder) {
            Ok(file) => (file, None),
            Err(broken) => (None, Some(broken)),
        };
        Self {
            environment,
            file,
            broken,
        }
    }

    /// This environment alone.
    #[must_use]
    pub fn environment(environment: BTreeMap<String, String>) -> Self {
        Self {
            environment,
            ..Self::default()
        }
    }

    /// The config file, if there is one, readable or not.
    pub(super) fn file(&self) -> Option<&Path> {
        let broken = self.broken.as_ref().map(|broken| broken.path.as_path());
        self.file.as_ref().map(ConfigFile::path).or(broken)
    }

    /// Why a config file that is there cannot be used.
    pub(super) fn mistakes(&self) -> &[String] {
        self.broken.as_ref().map_or(&[], |broken| &broken.mistakes)
    }

    /// The value of a variable, from the uppermost layer that has one.
    pub(super) fn find(&self, name: &str) -> Option<Found> {
        let in_environment = self.environment.get(name);
        if let Some(text) = in_environment.filter(|text| !text.trim().is_empty()) {
            return Some(Found {
                text: text.clone(),
                origin: Origin::Environment,
            });
        }
        let file = self.file.as_ref()?;
        let value = file
            .value(name)
            .filter(|value| !value.text.trim().is_empty())?;
        Some(Found {
            text: value.text.clone(),
            origin: Origin::File {
                path: file.path().to_owned(),
                line: value.line,
                key: value.key.clone(),
            },
        })
    }

    /// What is set under names that begin so and are none of the known ones, as its author wrote it.
    pub(super) fn unknown(&self, prefix: &str, is_known: impl Fn(&str) -> bool) -> Vec<String> {
        let variables = self.environment.keys();
        let mut unknown: Vec<_> = variables
            .filter(|name| name.starts_with(prefix) && !is_known(name))
            .cloned()
            .collect();
        if let Some(file) = &self.file {
            let keys = file.values().filter(|(name, _)| !is_known(name));
            let place = file.path().display();
            unknown
                .extend(keys.map(|(_, value)| format!("{} ({place}:{})", value.key, value.line)));
        }
        unknown
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line, key } => write!(f, "{}:{line}: {key}", path.display()),
            Self::Environment => f.write_str("environment"),
        }
    }
}
