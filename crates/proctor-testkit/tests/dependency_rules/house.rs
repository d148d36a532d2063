//! Habits of the house that a machine can check: lints are the workspace's, files stay short, and every module
//! begins by saying what it is.

use std::fs;
use std::path::{Path, PathBuf};

/// Longer than this, a file is split.
const LONGEST_FILE_LINES: usize = 500;

/// The manifests that do not take the lints of the workspace.
pub fn without_lints(manifests: &[PathBuf]) -> Vec<String> {
    manifests
        .iter()
        .filter(|path| !takes_lints(&read(path)))
        .map(|path| format!("{} lacks `[lints] workspace = true`", path.display()))
        .collect()
}

fn takes_lints(manifest: &str) -> bool {
    manifest
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "[lints]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .any(|line| line.replace(' ', "") == "workspace=true")
}

/// The files below these folders that are too long or do not say what they are.
pub fn unkempt_files(folders: &[PathBuf]) -> Vec<String> {
    let mut found = Vec::new();
    for folder in folders {
        for path in rust_files(folder) {
            let text = read(&path);
            let within = path.strip_prefix(folder).unwrap_or(&path);
            found.extend(
                flaws(within, &text)
                    .iter()
                    .map(|flaw| format!("{} {flaw}", path.display())),
            );
        }
    }
    found
}

fn flaws(path: &Path, text: &str) -> Vec<String> {
    let mut flaws = Vec::new();
    let lines = text.lines().count();
    if lines > LONGEST_FILE_LINES {
        flaws.push(format!(
            "has {lines} lines, more than {LONGEST_FILE_LINES}: split it"
        ));
    }
    if !is_test(path) && !text.starts_with("//!") {
        flaws.push("does not begin with a `//!` line that says what it is".to_owned());
    }
    flaws
}

/// Whether a file holds tests only; its functions' names say what it is.
fn is_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs")
        || path.components().any(|part| part.as_os_str() == "tests")
}

/// The Rust files below a folder, build output and hidden folders left out.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).expect("a crate's folder can be listed");
    for entry in entries {
        let path = entry.expect("a crate's folder can be listed").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

pub fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

mod tests {
    use std::path::Path;

    use super::{flaws, rust_files, takes_lints, unkempt_files, without_lints};

    #[test]
    fn lints_come_from_the_workspace_or_are_missed() {
        assert!(takes_lints(
            "[package]\nname = \"x\"\n\n[lints]\nworkspace = true\n"
        ));
        assert!(!takes_lints("[package]\nname = \"x\"\n"));
        assert!(!takes_lints(
            "[lints]\n\n[dependencies]\nworkspace = true\n"
        ));
        assert!(!takes_lints("[lints.rust]\nunsafe_code = \"allow\"\n"));
    }

    #[test]
    fn a_manifest_without_lints_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("Cargo.toml");
        std::fs::write(&manifest, "[package]\n").unwrap();

        let found = without_lints(std::slice::from_ref(&manifest));

        assert_eq!(found.len(), 1);
        assert!(found[0].contains("Cargo.toml lacks"), "{found:?}");
    }

    #[test]
    fn long_files_and_silent_modules_are_flaws() {
        let at = |path: &str, text: &str| flaws(Path::new(path), text).len();

        assert_eq!(at("src/a.rs", "//! Says what it is.\n"), 0);
        assert_eq!(at("src/a.rs", "use std::fs;\n"), 1);
        assert_eq!(at("src/a/tests.rs", "use super::*;\n"), 0);
        assert_eq!(at("tests/cli/list.rs", "use crate::stub;\n"), 0);
        assert_eq!(at("tests/cli/list.rs", &"\n".repeat(501)), 1);
        assert_eq!(
            at("src/a.rs", &format!("//! Long.\n{}", "\n".repeat(499))),
            0
        );
    }

    #[test]
    fn files_are_found_in_all_folders_but_those_that_are_built() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            "src/a.rs",
            "src/b/c.rs",
            "target/d.rs",
            ".hidden/e.rs",
            "f.txt",
        ] {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "use std::fs;\n").unwrap();
        }

        assert_eq!(rust_files(folder.path()).len(), 2);
        assert_eq!(unkempt_files(&[folder.path().to_owned()]).len(), 2);
    }
}
