//! `proctord plugins`: what whoever runs the service does about plugins, without the service.

mod token;

use clap::{Args, Subcommand};

#[derive(Debug, Args)]
pub(super) struct Plugins {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a token and the entry for it in the file of token-auth-plugin
    ///
    /// The entry goes to the standard output, to be appended to the file that TOKEN_PLUGIN_FILE names; the token is
    /// shown once, on the standard error output, and nobody can find it out again.
    Token(token::Token),
}

pub(super) fn run(wanted: &Plugins) -> anyhow::Result<()> {
    match &wanted.verb {
        Verb::Token(wanted) => token::run(wanted),
    }
}
