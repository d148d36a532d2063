//! What can be typed about procs.

use std::path::PathBuf;

use clap::Args;

use crate::cli::OutputArgs;

#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// Name of the proc
    #[arg(value_name = "PROC")]
    pub name: String,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct TemplateArgs {
    /// Name of the proc
    #[arg(value_name = "PROC")]
    pub name: String,
    /// File to write; `-` for stdout
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Overwrite the file if it exists
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, Args)]
pub struct PublishArgs {
    /// Folder with metadata.json, metadata.yaml or metadata.yml, or a document with one proc or a list of procs
    ///
    /// The files of a folder are uploaded with its proc if the document has a `command`.
    #[arg(value_name = "FOLDER|FILE", required = true)]
    pub paths: Vec<PathBuf>,
    /// Publish even what the args of schedules do not fit any more; those schedules are held
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

#[derive(Debug, Args)]
pub struct UnpublishArgs {
    /// Name of the proc
    #[arg(value_name = "PROC")]
    pub name: String,
    /// Do it without asking
    #[arg(short, long)]
    pub yes: bool,
}
