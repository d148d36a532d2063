//! What can be typed about secrets.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::OutputArgs;

#[derive(Debug, Subcommand)]
pub enum SecretCommand {
    /// Set one secret of a proc and leave its others as they are
    ///
    /// The value is never an argument, where every user of the machine could read it: on a terminal it is
    /// asked for without showing it, otherwise it is read from stdin. One newline at the end of stdin or of
    /// the file (LF or CR LF) is dropped, as editors and `echo` write it; all else is kept. A value must be
    /// UTF-8 without NUL, and not empty.
    Set(SecretSetArgs),
    /// List the secrets that a proc declares and those that are set; values are never shown
    List(SecretListArgs),
    /// Delete one secret of a proc
    Rm(SecretRmArgs),
}

#[derive(Debug, Args)]
pub struct SecretSetArgs {
    /// Name of the proc
    #[arg(value_name = "PROC")]
    pub name: String,
    /// Name of the secret; its value is never an argument
    #[arg(value_name = "KEY", value_parser = key)]
    pub key: String,
    /// Read the value from this file
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SecretListArgs {
    /// Name of the proc
    #[arg(value_name = "PROC")]
    pub name: String,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct SecretRmArgs {
    /// Name of the proc
    #[arg(value_name = "PROC")]
    pub name: String,
    /// Name of the secret
    #[arg(value_name = "KEY")]
    pub key: String,
}

/// A name, and not a name with a value, which others could read in the list of processes.
fn key(word: &str) -> Result<String, String> {
    if word.contains('=') {
        return Err(
            "give the name alone; the value is asked for, or read from standard input".to_owned(),
        );
    }
    Ok(word.to_owned())
}
