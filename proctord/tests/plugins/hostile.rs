//! Plugins that begin well and then misbehave.

use proctor_testkit::wait_for_async;
use proctord::plugins::{Plugin, PluginError};
use tokio::join;

use crate::library::{Library, ask};

/// It answers, or will soon.
async fn recovers(plugin: &Plugin) {
    wait_for_async("the plugin to answer again", async || {
        match ask(plugin, "right").await {
            Ok(Some(user)) if user.email == "c@example.org" => Ok(()),
            other => Err(other),
        }
    })
    .await;
}

#[tokio::test]
async fn a_plugin_in_c_answers() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    assert_eq!(plugin.name(), "InC");
    assert!(plugin.has("authenticate") && !plugin.has("lookup"));
    let user = ask(&plugin, "right").await.unwrap().unwrap();
    assert_eq!((user.email.as_str(), user.active), ("c@example.org", true));
    assert_eq!(user.groups, ["c"]);
    assert_eq!(ask(&plugin, "wrong").await.unwrap(), None);
}

#[tokio::test]
async fn what_ends_its_process_is_told_and_it_comes_back() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    for (token, how) in [
        ("segfault", "killed by signal 11"),
        ("abort", "killed by signal 6"),
        ("free twice", "killed by signal 6"),
        ("exit", "ended with code 3"),
    ] {
        let error = ask(&plugin, token).await.unwrap_err();

        assert!(
            matches!(error, PluginError::Crashed { .. }),
            "{token}: {error}"
        );
        let told = error.to_string();
        assert!(
            told.contains("InC") && told.contains(how),
            "{token}: {told}"
        );
        recovers(&plugin).await;
    }
}

#[tokio::test]
async fn what_hangs_is_ended_and_it_comes_back() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    let error = ask(&plugin, "hang").await.unwrap_err();

    assert!(matches!(error, PluginError::TimedOut { .. }), "{error}");
    assert!(error.to_string().contains("InC"), "{error}");
    recovers(&plugin).await;
}

#[tokio::test]
async fn answers_that_mean_nothing_are_refused_and_it_goes_on() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    for (token, what) in [
        ("garbage", "no JSON"),
        ("other json", "means nothing"),
        ("not utf-8", "no UTF-8"),
        ("nothing", "no JSON"),
        ("100 MB", "104857600 bytes"),
        ("fail", "the directory is away"),
    ] {
        let told = ask(&plugin, token).await.unwrap_err().to_string();

        assert!(
            told.contains("InC") && told.contains(what),
            "{token}: {told}"
        );
        assert!(ask(&plugin, "right").await.unwrap().is_some(), "{token}");
    }
    let no_method: Result<(), _> = plugin.call("lookup", &()).await;
    assert!(
        no_method
            .unwrap_err()
            .to_string()
            .contains("no method lookup")
    );
}

#[tokio::test]
async fn one_that_closes_what_is_not_its_own_is_ended() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    let error = ask(&plugin, "close").await.unwrap_err();

    assert!(error.to_string().contains("InC"), "{error}");
    recovers(&plugin).await;
}

#[tokio::test]
async fn calls_do_not_wait_for_each_other() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;

    let (hung, answered) = join!(ask(&plugin, "hang"), ask(&plugin, "right"));

    assert!(
        matches!(hung, Err(PluginError::TimedOut { .. })),
        "{hung:?}"
    );
    assert!(answered.unwrap().is_some());
}

#[tokio::test]
async fn while_it_is_away_calls_are_refused_at_once() {
    let library = Library::in_c(&[]);
    let plugin = library.start().await;
    std::fs::remove_file(&library.file).unwrap();

    assert!(ask(&plugin, "abort").await.is_err());

    let error = ask(&plugin, "right").await.unwrap_err();
    assert!(matches!(error, PluginError::Away { .. }), "{error}");
}

#[tokio::test]
async fn the_settings_of_the_service_are_not_for_plugins() {
    let library = Library::in_c(&[]);
    let mut spec = library.spec();
    // The service's own environment cannot be changed here: a program between sets the variable.
    let wrapper = library.file.with_file_name("program");
    let script = format!(
        "#!/bin/sh\nexec env -u NOTHING {} \"$@\"\n",
        spec.program.display()
    );
    std::fs::write(&wrapper, script).unwrap();
    std::fs::set_permissions(
        &wrapper,
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .unwrap();
    spec.program = wrapper;
    let plugin = Plugin::start(spec).await.unwrap();

    let told = ask(&plugin, "environment").await.unwrap_err().to_string();

    assert!(told.contains("no keys"), "{told}");
}
