//! A command that could not be executed, put into words for the person who wrote it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::command::Command;

const LONGEST_NAME: usize = 200;

/// How far the child came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Its session, signals or descriptors.
    SetUp,
    /// Entering the work folder.
    Folder,
    /// The exec itself.
    Exec,
}

/// What the child reported before it left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExecFailure {
    stage: Stage,
    errno: i32,
}

impl ExecFailure {
    /// As it goes over the pipe: whole or not at all.
    pub fn to_bytes(stage: Stage, errno: i32) -> [u8; 5] {
        let [a, b, c, d] = errno.to_ne_bytes();
        let stage = match stage {
            Stage::SetUp => b's',
            Stage::Folder => b'f',
            Stage::Exec => b'e',
        };
        [stage, a, b, c, d]
    }

    /// `None` if there is no report.
    pub fn from_bytes(report: &[u8]) -> Option<Self> {
        let (stage, errno) = report.split_first()?;
        let stage = match stage {
            b's' => Stage::SetUp,
            b'f' => Stage::Folder,
            _ => Stage::Exec,
        };
        let errno = i32::from_ne_bytes(errno.try_into().ok()?);
        Some(Self { stage, errno })
    }

    /// In words. Looks at the file to tell apart what the kernel reports alike.
    pub fn describe(&self, command: &Command) -> String {
        let program = shortened(&command.program);
        let error = error_text(self.errno);
        match self.stage {
            Stage::SetUp => return format!("{program}: set-up failed: {error}"),
            Stage::Folder => return format!("{}: {error}", command.cwd.display()),
            Stage::Exec => {}
        }
        let file = existing(command);
        let looked_up = !command.program.as_bytes().contains(&b'/');
        match self.errno {
            libc::ENOENT | libc::ENOTDIR if file.is_some() => {
                format!(
                    "{program}: {error} (or its interpreter){}",
                    interpreter(file)
                )
            }
            libc::ENOENT | libc::ENOTDIR if looked_up => format!("{program}: not found in PATH"),
            libc::ENOEXEC => {
                format!(
                    "{program}: {error}: it has no `#!` line and is no program for this machine"
                )
            }
            libc::EACCES => format!("{program}: {error}{}", denied(file)),
            libc::E2BIG => format!(
                "{program}: {error}: arguments and environment are {} bytes",
                command.size
            ),
            _ => format!("{program}: {error}"),
        }
    }
}

/// A name that fits into a sentence, and into the space taken for the result.
fn shortened(program: &OsStr) -> String {
    let program = program.to_string_lossy();
    match program.char_indices().nth(LONGEST_NAME) {
        Some((end, _)) => format!("{}…", &program[..end]),
        None => program.into_owned(),
    }
}

/// The first candidate that exists.
fn existing(command: &Command) -> Option<PathBuf> {
    command
        .candidates
        .iter()
        .map(|file| command.cwd.join(OsStr::from_bytes(file.as_bytes())))
        .find(|file| file.exists())
}

fn denied(file: Option<PathBuf>) -> &'static str {
    match file.map(fs::metadata) {
        Some(Ok(found)) if found.is_dir() => ": it is a directory",
        Some(Ok(found)) if found.permissions().mode() & 0o111 == 0 => ": it is not executable",
        _ => "",
    }
}

/// Names the interpreter of a script.
fn interpreter(file: Option<PathBuf>) -> String {
    let mut start = Vec::new();
    let read = file.map(File::open);
    if let Some(Ok(file)) = read {
        let _ = file.take(256).read_to_end(&mut start);
    }
    let line = start
        .split(|&byte| byte == b'\n')
        .next()
        .unwrap_or_default();
    match line.strip_prefix(b"#!") {
        Some(rest) => format!(
            ": its first line says {}",
            String::from_utf8_lossy(rest).trim().escape_debug()
        ),
        None => String::new(),
    }
}

fn error_text(errno: i32) -> String {
    let text = io::Error::from_raw_os_error(errno).to_string();
    match text.split_once(" (os error") {
        Some((text, _)) => text.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_comes_through() {
        let report = ExecFailure::to_bytes(Stage::Folder, libc::ENOENT);

        assert_eq!(
            ExecFailure::from_bytes(&report),
            Some(ExecFailure {
                stage: Stage::Folder,
                errno: libc::ENOENT
            })
        );
        assert_eq!(ExecFailure::from_bytes(b""), None);
    }

    #[test]
    fn the_number_is_left_out() {
        assert_eq!(error_text(libc::ENOENT), "No such file or directory");
    }
}
