//! The header and the types in Rust say the same: a program in C prints what it sees.

use std::fs;
use std::mem::offset_of;
use std::path::Path;
use std::process::Command;

use proctor_plugin::abi::{self, Answer, Bytes, Table};

const PROGRAM: &str = r#"
#include <stdio.h>
#include "proctor_plugin.h"
#define AT(field) offsetof(proctor_plugin_table_v1, field)
int main(void) {
    printf("%d %d %d %d %d\n", PROCTOR_PLUGIN_MAJOR, PROCTOR_PLUGIN_MINOR, PROCTOR_PLUGIN_OK,
           PROCTOR_PLUGIN_FAILED, PROCTOR_PLUGIN_NO_METHOD);
    printf("%zu %zu %zu\n", sizeof(proctor_bytes), sizeof(proctor_answer), sizeof(proctor_plugin_table_v1));
    printf("%zu %zu %zu %zu %zu %zu %zu %zu\n", AT(size), AT(major), AT(minor), AT(manifest), AT(create),
           AT(call), AT(release), AT(destroy));
    return 0;
}
"#;

#[test]
fn the_header_says_what_the_types_say() {
    let place = tempfile::tempdir().unwrap();
    let (source, program) = (place.path().join("say.c"), place.path().join("say"));
    fs::write(&source, PROGRAM).unwrap();
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let compiled = Command::new("cc")
        .args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I"])
        .args([&include, &source, Path::new("-o"), &program])
        .status()
        .unwrap();
    assert!(compiled.success());

    let said = Command::new(&program).output().unwrap();

    let (ok, failed, none) = (abi::OK, abi::FAILED, abi::NO_METHOD);
    let numbers = format!("{} {} {ok} {failed} {none}", abi::MAJOR, abi::MINOR);
    let sizes = [size_of::<Bytes>(), size_of::<Answer>(), size_of::<Table>()];
    let places = [
        offset_of!(Table, size),
        offset_of!(Table, major),
        offset_of!(Table, minor),
        offset_of!(Table, manifest),
        offset_of!(Table, create),
        offset_of!(Table, call),
        offset_of!(Table, release),
        offset_of!(Table, destroy),
    ];
    let line = |numbers: &[usize]| {
        let texts: Vec<_> = numbers.iter().map(ToString::to_string).collect();
        texts.join(" ")
    };
    let expected = format!("{numbers}\n{}\n{}\n", line(&sizes), line(&places));
    assert_eq!(String::from_utf8_lossy(&said.stdout), expected);
}
