//! Libraries compiled by the tests, and plugins started from them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use proctor_plugin::{Kind, User};
use proctord::plugins::{Plugin, PluginError, Spec};
use serde_json::json;
use tempfile::TempDir;

/// How long a call may take here: long enough for a loaded machine, short enough to wait for.
pub(crate) const DEADLINE: Duration = Duration::from_secs(2);

/// A library in a folder of its own.
pub(crate) struct Library {
    _folder: TempDir,
    pub(crate) file: PathBuf,
}

impl Library {
    /// The plugin in C, compiled with these definitions.
    pub(crate) fn in_c(definitions: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("libin_c.so");
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let compiled = Command::new("cc")
            .args([
                "-std=gnu11",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-shared",
                "-fPIC",
                "-O1",
            ])
            .args(
                definitions
                    .iter()
                    .map(|definition| format!("-D{definition}")),
            )
            .arg("-I")
            .arg(here.join("../crates/proctor-plugin/include"))
            .arg(here.join("tests/plugins/plugin.c"))
            .arg("-o")
            .arg(&file)
            .status()
            .unwrap();
        assert!(compiled.success());
        Self {
            _folder: folder,
            file,
        }
    }

    pub(crate) fn spec(&self) -> Spec {
        spec(&self.file)
    }

    pub(crate) async fn start(&self) -> Plugin {
        Plugin::start(self.spec()).await.unwrap()
    }
}

pub(crate) fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_proctord").into()
}

pub(crate) fn spec(file: &Path) -> Spec {
    Spec {
        file: file.to_owned(),
        name: None,
        kind: Kind::Auth,
        deadline: DEADLINE,
        program: program(),
    }
}

/// Asks who has this token.
pub(crate) async fn ask(plugin: &Plugin, token: &str) -> Result<Option<User>, PluginError> {
    plugin.call("authenticate", &json!({"token": token})).await
}
