//! `proctord plugins check`, as people see it.

use std::path::Path;
use std::process::Command;

use crate::library::{Library, program};

struct Checked {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn check(options: &[&str], file: &Path) -> Checked {
    let mut command = Command::new(program());
    command.args(["plugins", "check"]).args(options).arg(file);
    let output = command.output().unwrap();
    // The folder is another one each time.
    let folder = file.parent().unwrap().display().to_string();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&folder, "FOLDER");
    Checked {
        code: output.status.code(),
        stdout: text(&output.stdout),
        stderr: text(&output.stderr),
    }
}

#[test]
fn a_library_that_can_be_used_tells_what_is_in_it() {
    let library = Library::example_in_c();

    let checked = check(&[], &library.file);

    assert_eq!((checked.code, &*checked.stderr), (Some(0), ""));
    let expected = "\
FOLDER/libhostile.so can be used
library       example-in-c 1.0.0
interface     1.0; this proctord has 1.0
auth          ExampleAuth: authenticate
";
    assert_eq!(checked.stdout, expected);
}

#[test]
fn each_plugin_in_it_can_be_made_for_a_try() {
    let library = Library::example_in_c();

    let checked = check(&["--create"], &library.file);

    assert_eq!((checked.code, &*checked.stderr), (Some(0), ""));
    assert!(
        checked
            .stdout
            .ends_with("auth          ExampleAuth: authenticate; can be made\n"),
        "{}",
        checked.stdout
    );
}

#[test]
fn a_library_that_cannot_be_used_is_named_with_the_reason() {
    let library = Library::in_c(&["NO_SYMBOL"]);
    let missing = library.file.with_file_name("libmissing.so");

    let no_plugin = check(&[], &library.file);
    let no_file = check(&[], &missing);

    assert_eq!((no_plugin.code, &*no_plugin.stdout), (Some(1), ""));
    assert_eq!(
        no_plugin.stderr,
        "proctord: the plugin FOLDER/libhostile.so cannot be used: it has no function proctor_plugin_v1\n"
    );
    assert_eq!((no_file.code, &*no_file.stdout), (Some(1), ""));
    assert_eq!(
        no_file.stderr,
        "proctord: the plugin FOLDER/libmissing.so cannot be used: it cannot be loaded: \
         cannot open shared object file: No such file or directory\n"
    );
}

#[test]
fn one_that_cannot_be_made_is_seen_only_when_it_is_tried() {
    let library = Library::in_c(&["CRASH_IN_CREATE"]);

    assert_eq!(check(&[], &library.file).code, Some(0));
    let tried = check(&["--create"], &library.file);

    assert_eq!((tried.code, &*tried.stdout), (Some(1), ""));
    assert!(
        tried
            .stderr
            .ends_with("cannot be used: its process was killed by signal 6 while it was loaded\n"),
        "{}",
        tried.stderr
    );
}

#[test]
fn a_file_without_a_folder_is_the_one_here() {
    let library = Library::example_in_c();
    let mut command = Command::new(program());
    command.args(["plugins", "check", "libhostile.so"]);
    command.current_dir(library.file.parent().unwrap());

    let output = command.output().unwrap();

    assert!(output.status.success(), "{output:?}");
}
