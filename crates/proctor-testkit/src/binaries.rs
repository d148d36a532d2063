//! Where the binaries and plugins under test are: beside the tests' own folder, where `make build` puts them.

use std::path::PathBuf;

/// The binary of that name.
///
/// # Panics
/// It is not there.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a running test has a path");
    let folder = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("tests run from <target>/<profile>/deps");
    let path = folder.join(name);
    assert!(
        path.is_file(),
        "{} is not there: run `make build` first",
        path.display()
    );
    path
}

/// The library of a plugin, by the name of its folder.
///
/// # Panics
/// It is not there.
#[must_use]
pub fn plugin(name: &str) -> PathBuf {
    binary(&format!("lib{}.so", name.replace('-', "_")))
}
