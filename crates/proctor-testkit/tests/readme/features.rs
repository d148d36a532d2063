//! docs/features.md shows what the commands really print.

use std::process::Command;

use proctor_testkit::binary;

use crate::{read, root};

#[test]
fn the_page_of_features_is_what_the_commands_print() {
    let binaries = binary("proctor");
    let binaries = binaries.parent().expect("a binary lies in a folder");
    for name in ["proctord", "proctor-shim"] {
        assert_eq!(binary(name).parent(), Some(binaries));
    }

    let output = Command::new(root().join("scripts/docs-features.sh"))
        .arg(binaries)
        .output()
        .expect("there is a shell");

    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let now = String::from_utf8(output.stdout).expect("it writes text");
    let written = read("docs/features.md");
    let differs = now
        .lines()
        .zip(written.lines())
        .enumerate()
        .find(|(_, (now, written))| now != written);
    assert!(
        now == written,
        "docs/features.md is stale, run `make docs-features`: {differs:?}"
    );
}
