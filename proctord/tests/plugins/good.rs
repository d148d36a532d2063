//! Plugins that do what they should.

use proctord::plugins::{Contents, contents};

use crate::library::{Library, ask, program};

#[tokio::test]
async fn the_example_in_c_answers() {
    let library = Library::example_in_c();
    let plugin = library.start().await;

    assert_eq!(plugin.name(), "ExampleAuth");
    assert!(plugin.has("authenticate") && !plugin.has("authorise"));
    let ali = ask(&plugin, "open sesame").await.unwrap().unwrap();
    assert_eq!((&*ali.email, &*ali.name), ("ali@example.org", "Ali"));
    assert!(ali.active);
    assert_eq!(ali.groups, ["cave"]);
    let cassim = ask(&plugin, "close sesame").await.unwrap().unwrap();
    assert!(!cassim.active);
    for token in ["", "open", "open sesame!", "\"token\":\"open sesame", "{\\"] {
        assert_eq!(ask(&plugin, token).await.unwrap(), None, "{token}");
    }
}

#[tokio::test]
async fn the_example_in_c_reads_requests_however_they_are_written() {
    let library = Library::example_in_c();
    let plugin = library.start().await;
    let ask = async |request: &str| {
        let request: Box<serde_json::value::RawValue> = serde_json::from_str(request).unwrap();
        plugin
            .call::<_, Option<proctor_plugin::User>>("authenticate", &request)
            .await
    };

    let ali =
        ask(r#" {"new": {"token": [1]}, "email": "\"token\":\"x\"", "token" : "open sesame"}"#);
    assert!(ali.await.unwrap().is_some());
    let without = ask(r#"{"email": "token"}"#).await.unwrap_err().to_string();
    assert!(without.contains("the request has no token"), "{without}");
}

#[tokio::test]
async fn what_is_in_a_library_can_be_told_without_making_anything() {
    let library = Library::in_c(&["CRASH_IN_CREATE"]);

    let Contents {
        manifest,
        interface,
    } = contents(&program(), &library.file).await.unwrap();

    assert_eq!(interface, (1, 0));
    assert_eq!(
        (&*manifest.name, &*manifest.plugins[0].name),
        ("in-c", "InC")
    );
}
