//! Libraries that are of no use from the beginning: the start is refused and names the file.

use proctor_plugin::Kind;
use proctord::plugins::{Plugin, PluginError};

use crate::library::{Library, program, spec};

async fn refused(definitions: &[&str]) -> String {
    let library = Library::in_c(definitions);
    let error = Plugin::start(library.spec()).await.err().unwrap();
    assert!(matches!(error, PluginError::Unusable { .. }), "{error}");
    let told = error.to_string();
    assert!(told.contains("libin_c.so"), "{told}");
    told
}

#[tokio::test]
async fn each_is_refused_with_its_reason() {
    for (definition, reason) in [
        ("NO_SYMBOL", "it has no function proctor_plugin_v1"),
        ("MAJOR=2", "it speaks version 2 of the interface, not 1"),
        ("SIZE=8", "its table has 8 bytes"),
        ("NULL_TABLE", "it says that it cannot be used"),
        ("NO_CALL", "its table has no function call"),
        (
            "CRASH_IN_TABLE",
            "its process was killed by signal 11 while it was loaded",
        ),
        (
            "CRASH_IN_CREATE",
            "its process was killed by signal 6 while it was loaded",
        ),
        ("MANIFEST=\"{\"", "its manifest means nothing"),
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
async fn the_manifest_can_be_read_alone() {
    let library = Library::in_c(&["CRASH_IN_CREATE"]);

    let manifest = Plugin::manifest(program(), library.file.clone())
        .await
        .unwrap();

    assert_eq!(
        (&*manifest.name, &*manifest.plugins[0].name),
        ("in-c", "InC")
    );
}
