//! Libraries that are of no use from the beginning: the start is refused and names the file.

use std::time::Duration;

use proctor_plugin::Kind;
use proctord::plugins::{Plugin, PluginError};

use crate::library::{Library, hosts_of, spec};

async fn refused(definitions: &[&str]) -> String {
    let library = Library::in_c(definitions);
    let error = Plugin::start(library.spec()).await.err().unwrap();
    assert!(matches!(error, PluginError::Unusable { .. }), "{error}");
    let told = error.to_string();
    assert!(told.contains("libhostile.so"), "{told}");
    told
}

const NOT_UTF8: &str = r#"MANIFEST="{\"name\": \"\xff\", \"version\": \"1\", \"plugins\": []}""#;
const NO_METHOD: &str = r#"MANIFEST="{\"name\": \"a\", \"version\": \"1\", \"plugins\": [{\"name\": \"InC\", \"kind\": \"auth\", \"methods\": []}]}""#;

#[tokio::test]
async fn each_is_refused_with_its_reason() {
    for (definition, reason) in [
        ("NO_SYMBOL", "it has no function proctor_plugin_v1"),
        ("MAJOR=2", "it speaks version 2 of the interface, not 1"),
        ("SIZE=8", "its table has 8 bytes"),
        ("NULL_TABLE", "it says that it cannot be used"),
        ("NO_CALL", "its table has no function call"),
        ("UNDEFINED", "undefined symbol: not_defined_anywhere"),
        (
            "CRASH_IN_TABLE",
            "its process was killed by signal 11 while it was loaded",
        ),
        (
            "CRASH_IN_CREATE",
            "its process was killed by signal 6 while it was loaded",
        ),
        ("MANIFEST=\"{\"", "its manifest means nothing"),
        ("MANIFEST=\"\"", "it has no manifest"),
        (NOT_UTF8, "its manifest means nothing"),
        (
            NO_METHOD,
            "its plugin InC is of the kind auth and has no method authenticate",
        ),
    ] {
        let told = refused(&[definition]).await;
        assert!(told.contains(reason), "{definition}: {told}");
    }
}

#[tokio::test]
async fn what_is_no_library_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("libtext.so");
    std::fs::write(&text, "no library").unwrap();

    for file in [
        text.as_path(),
        &folder.path().join("missing.so"),
        folder.path(),
    ] {
        let told = Plugin::start(spec(file)).await.err().unwrap().to_string();
        assert!(told.contains("it cannot be loaded"), "{told}");
    }
}

#[tokio::test]
async fn a_plugin_that_is_not_in_it_is_refused_and_those_in_it_are_named() {
    let library = Library::in_c(&[]);
    let mut spec = library.spec();
    spec.kind = Kind::Notification;

    let told = Plugin::start(spec).await.err().unwrap().to_string();

    assert!(told.contains("there is InC (auth)"), "{told}");
}

#[tokio::test]
async fn one_that_hangs_while_it_is_loaded_is_refused_in_the_end() {
    for definition in ["HANG_IN_TABLE", "HANG_IN_CREATE"] {
        let library = Library::in_c(&[definition]);
        let mut spec = library.spec();
        spec.deadline = Duration::from_millis(500);

        let told = Plugin::start(spec).await.err().unwrap().to_string();

        assert!(told.contains("was not loaded within 2s"), "{told}");
        assert!(hosts_of(&library.file).is_empty());
    }
}

#[tokio::test]
async fn a_program_that_is_no_proctord_is_told() {
    let library = Library::in_c(&[]);
    for (program, reason) in [
        ("/bin/true", "ended with code 0 while it was loaded"),
        ("/not/there", "its process cannot be started"),
    ] {
        let mut spec = library.spec();
        spec.program = program.into();

        let told = Plugin::start(spec).await.err().unwrap().to_string();

        assert!(told.contains(reason), "{told}");
    }
}
