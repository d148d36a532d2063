//! What the commands that serve find on this machine: the data folder, the shim, and the signals that stop them.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::plugins::this_program;
use crate::startup::Place;

/// The data folder that was asked for, or the user's own.
pub(super) fn place(data_dir: Option<PathBuf>) -> anyhow::Result<Place> {
    let data_dir = match data_dir {
        Some(path) => path,
        None => default_data_dir()?,
    };
    let program = std::env::current_exe().context("cannot find the running binary")?;
    Ok(Place {
        data_dir,
        shim: shim(&program)?,
        program: this_program(),
    })
}

/// Listens for the signals that stop a service; to be made before the service begins, so that none is lost.
pub(super) struct StopSignals {
    interrupt: Signal,
    terminate: Signal,
}

impl StopSignals {
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Resolves at the first one.
    pub(super) async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the user's folders are no configuration of ours"
)]
fn default_data_dir() -> anyhow::Result<PathBuf> {
    let set = |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    match (set("XDG_DATA_HOME"), set("HOME")) {
        (Some(data), _) => Ok(data.join("proctor")),
        (None, Some(home)) => Ok(home.join(".local/share/proctor")),
        (None, None) => {
            bail!("there is no home folder to keep data in: name a folder with PROCTOR_DATA_DIR")
        }
    }
}

/// The shim is installed beside this binary.
fn shim(program: &Path) -> anyhow::Result<PathBuf> {
    let shim = program.with_file_name("proctor-shim");
    if !shim.is_file() {
        bail!(
            "proctor-shim must be installed beside proctord, but {} is not there",
            shim.display()
        );
    }
    Ok(shim)
}
