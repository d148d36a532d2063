use std::time::Duration;

use super::super::{Config, Examined, Layers, PluginChoice, Purpose};
use super::{examine, load, value, variables};

const ON: (&str, &str) = ("PROCTOR_AUTH_ENABLED", "true");
const PLUGIN: (&str, &str) = ("PROCTOR_AUTH_PLUGIN_BINARY", " /plugins/auth.so ");

fn mistakes(pairs: &[(&str, &str)]) -> String {
    examine(pairs, Purpose::Dev).mistakes.join("; ")
}

fn warnings(pairs: &[(&str, &str)]) -> String {
    examine(pairs, Purpose::Dev).warnings.join("; ")
}

#[test]
fn doors_are_opened_only_on_purpose() {
    let (host, anonymous) = (
        ("PROCTOR_APP_HOST", "0.0.0.0"),
        ("PROCTOR_ALLOW_ANONYMOUS", "true"),
    );

    assert!(mistakes(&[host]).contains("PROCTOR_APP_HOST must be a loopback address"));
    for allowed in [&[host, anonymous][..], &[host, ON, PLUGIN]] {
        assert_eq!(mistakes(allowed), "", "{allowed:?}");
    }
    assert_eq!(mistakes(&[("PROCTOR_APP_HOST", "::1")]), "");
}

#[test]
fn authentication_that_is_on_lets_nobody_in_without_a_plugin() {
    let without = [ON, ("PROCTOR_ALLOW_ANONYMOUS", "true")];

    let told = mistakes(&without);
    assert!(told.contains("set PROCTOR_AUTH_PLUGIN_BINARY"), "{told}");
    let with = [without[0], without[1], PLUGIN];
    assert!(warnings(&with).contains("PROCTOR_ALLOW_ANONYMOUS has no effect"));
    let config = load(&with);
    assert!(config.authentication.is_on() && !config.http.allow_anonymous);
    assert!(mistakes(&[("PROCTOR_AUTH_ENABLED", "yes")]).contains("must be true or false"));
}

#[test]
fn the_plugin_is_named_as_in_version_2() {
    let plugin = |pairs: &[(&str, &str)]| load(pairs).authentication.plugin;

    assert_eq!(plugin(&[PLUGIN]), None);
    let choice = |name: Option<&str>| {
        Some(PluginChoice {
            file: "/plugins/auth.so".into(),
            name: name.map(ToOwned::to_owned),
        })
    };
    assert_eq!(plugin(&[ON, PLUGIN]), choice(None));
    let named = ("PROCTOR_AUTH_PLUGIN_EXPORTED", " GateAuth ");
    assert_eq!(plugin(&[ON, PLUGIN, named]), choice(Some("GateAuth")));
}

#[test]
fn there_is_always_a_group_that_makes_an_admin() {
    let (name, as_told) = (
        "PROCTOR_AUTH_REQUIRED_ADMIN_GROUP",
        "PROCTOR_REQUIRED_ADMIN_GROUP",
    );
    let groups = |pairs: &[(&str, &str)]| load(pairs).authentication.admin_groups;

    assert_eq!(groups(&[]), ["proctor.admin"]);
    assert_eq!(groups(&[(name, "")]), ["proctor.admin"]);
    assert_eq!(groups(&[(name, " a , b")]), ["a", "b"]);
    assert_eq!(groups(&[(as_told, "c,d")]), ["c", "d"]);
    let both = [(as_told, "c"), (name, "a")];
    assert_eq!(groups(&both), ["a"]);
    assert!(warnings(&both).contains(&format!("{name} stands, not {as_told}")));
    for none in [",", "a,,b", "a, "] {
        assert!(mistakes(&[(name, none)]).contains(name), "{none:?}");
    }
}

#[test]
fn what_was_right_is_taken_for_right_for_a_short_while() {
    let cache = |text| {
        load(&[("PROCTOR_AUTH_CACHE_LIFETIME", text)])
            .authentication
            .cache
    };

    assert_eq!(load(&[]).authentication.cache, Duration::from_secs(30));
    assert_eq!(cache("0"), Duration::ZERO);
    assert_eq!(cache("5m"), Duration::from_mins(5));
    let told = mistakes(&[("PROCTOR_AUTH_CACHE_LIFETIME", "301")]);
    assert!(told.contains("must be at most 5m"), "{told}");
}

#[test]
fn a_rate_limit_needs_somebody_to_tell_apart() {
    let limit = ("PROCTOR_RATE_LIMIT", "60");

    assert_eq!(load(&[]).authentication.rate_limit, None);
    let on = load(&[limit, ON, PLUGIN]).authentication;
    assert_eq!(on.rate_limit.map(u32::from), Some(60));
    assert!(warnings(&[limit]).contains("PROCTOR_RATE_LIMIT has no effect"));
}

#[test]
fn notification_plugins_are_lists_that_go_together() {
    let examined = |files, names| -> Examined {
        let pairs = [
            ("PROCTOR_NOTIFICATION_PLUGIN_BINARY", files),
            ("PROCTOR_NOTIFICATION_PLUGIN_EXPORTED", names),
        ];
        Config::examine(Layers::environment(variables(&pairs)), Purpose::Dev)
    };
    let plugins = |files, names| {
        let config = examined(files, names).loaded().unwrap().config;
        let choices = config.plugins.notifications.into_iter();
        let told = choices.map(|choice| (choice.file.display().to_string(), choice.name));
        told.collect::<Vec<_>>()
    };
    let choice = |file: &str, name: Option<&str>| (file.to_owned(), name.map(ToOwned::to_owned));

    assert_eq!(plugins("", ""), []);
    assert_eq!(
        plugins(" a.so , b.so", " X,Y "),
        [choice("a.so", Some("X")), choice("b.so", Some("Y"))]
    );
    assert_eq!(
        plugins("a.so,b.so", ""),
        [choice("a.so", None), choice("b.so", None)]
    );
    for (files, names) in [
        ("a.so,b.so", "X"),
        ("a.so", "X,Y"),
        ("", "X"),
        ("a.so,,b.so", ""),
    ] {
        assert_eq!(
            examined(files, names).mistakes.len(),
            1,
            "{files:?} {names:?}"
        );
    }
    let shown = examined("a.so", "");
    assert_eq!(value(&shown, "PROCTOR_NOTIFICATION_PLUGIN_BINARY"), "a.so");
}
