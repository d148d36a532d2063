//! `proctord plugin-host`: the process of one plugin. The service starts it; it is of no use to people.

use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, ValueEnum};
use proctor_plugin::Kind;

use crate::plugins::host::{self, Wanted};

#[derive(Debug, Args)]
pub(super) struct PluginHost {
    /// The library
    file: PathBuf,
    /// What the plugin is for; without it only the library's manifest is told
    #[arg(long)]
    kind: Option<KindWord>,
    /// Which one, if there are several of the kind
    #[arg(long, requires = "kind")]
    name: Option<String>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum KindWord {
    Auth,
    Notification,
}

pub(super) fn run(wanted: PluginHost) -> anyhow::Result<()> {
    let kind = wanted.kind.map(|kind| match kind {
        KindWord::Auth => Kind::Auth,
        KindWord::Notification => Kind::Notification,
    });
    let wanted = Wanted {
        file: wanted.file,
        plugin: kind.map(|kind| (kind, wanted.name)),
    };
    host::run(&wanted).with_context(|| format!("serve the plugin {}", wanted.file.display()))
}
