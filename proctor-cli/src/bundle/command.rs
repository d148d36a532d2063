//! Whether the `command` of a proc can be started from the files that are published with it.

use crate::bundle::BundleFile;

/// The first word of a `command` cannot be started from the folder.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CommandError {
    #[error("is `{0}`, which is not in the folder")]
    Missing(String),
    #[error("is `{0}`, which is not executable; chmod +x it")]
    NotExecutable(String),
    #[error("is `{0}`, which leaves the folder")]
    Outside(String),
}

/// Whether the program is a file of the folder: a path that does not begin at the root.
pub fn is_in_folder(program: &str) -> bool {
    program.contains('/') && !program.starts_with('/')
}

/// Checks that a command which names a file of the folder can be started there.
pub fn check_command(files: &[BundleFile], command: &[String]) -> Result<(), CommandError> {
    let Some(word) = command.first() else {
        return Ok(());
    };
    if !is_in_folder(word) {
        return Ok(());
    }
    let steps: Vec<&str> = word
        .split('/')
        .filter(|step| !matches!(*step, "" | "."))
        .collect();
    if steps.contains(&"..") {
        return Err(CommandError::Outside(word.clone()));
    }
    let name = steps.join("/");
    match files.iter().find(|file| file.name == name) {
        None => Err(CommandError::Missing(word.clone())),
        Some(file) if !file.executable => Err(CommandError::NotExecutable(word.clone())),
        Some(_) => Ok(()),
    }
}
