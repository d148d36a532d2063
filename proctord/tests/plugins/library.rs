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
    /// The hostile plugin in C, compiled with these definitions.
    pub(crate) fn in_c(definitions: &[&str]) -> Self {
        let definitions: Vec<_> = definitions.iter().map(|one| format!("-D{one}")).collect();
        let options = ["-std=gnu11", "-O1"].map(str::to_owned);
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/plugin.c");
        Self::compiled(&source, &[&options[..], &definitions].concat())
    }

    /// The one that shows how a plugin is written in C.
    pub(crate) fn example_in_c() -> Self {
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins/example-in-c/example.c");
        Self::compiled(&source, &["-std=c11", "-pedantic"].map(str::to_owned))
    }

    fn compiled(source: &Path, options: &[String]) -> Self {
        let include =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/proctor-plugin/include");
        let mut compiler = Command::new("cc");
        compiler.args(["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC"]);
        compiler.args(options).arg("-I").arg(include).arg(source);
        Self::made(compiler)
    }

    /// A plugin in Rust that was made without the SDK, and panics.
    pub(crate) fn panicking() -> Self {
        let mut compiler = Command::new("rustc");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/panicking.rs");
        compiler.args(["--edition=2024", "--crate-type=cdylib"]);
        compiler.arg(source);
        Self::made(compiler)
    }

    fn made(mut compiler: Command) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("libhostile.so");
        let compiled = compiler.arg("-o").arg(&file).status().unwrap();
        assert!(compiled.success(), "{compiler:?}");
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

/// Why the plugin did not answer to this token.
pub(crate) async fn failure(plugin: &Plugin, token: &str) -> PluginError {
    match ask(plugin, token).await {
        Ok(answer) => panic!("{token} was answered with {answer:?}"),
        Err(error) => error,
    }
}

/// The processes that host this library.
pub(crate) fn hosts_of(file: &Path) -> Vec<u32> {
    let is_host = |id: &u32| {
        // It may have ended by now.
        let line = std::fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        let words: Vec<_> = line.split(|byte| *byte == 0).collect();
        words.contains(&&b"plugin-host"[..]) && words.contains(&file.as_os_str().as_encoded_bytes())
    };
    let processes = std::fs::read_dir("/proc").unwrap();
    let numbers = processes.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    numbers.filter(is_host).collect()
}
