//! `proctord plugins`: what people do with plugins before the service uses them. It reads no configuration.

mod check;
mod token;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(super) struct Plugins {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Check(check::Check),
    Token(token::Token),
}

pub(super) async fn run(wanted: Plugins) -> anyhow::Result<()> {
    match wanted.verb {
        Verb::Check(check) => check::run(check).await,
        Verb::Token(wanted) => token::run(&wanted),
    }
}
