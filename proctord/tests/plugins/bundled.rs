//! The plugins that come with Proctor, as `make build` leaves them: each can be loaded, goes by its names, and says
//! what it misses.

use std::process::Command;

use proctor_plugin::Kind;
use proctor_testkit::plugin;
use proctord::plugins::{Plugin, Spec, contents};

use crate::library::{DEADLINE, program};

/// The folder of each, what it is called, what it is for, and what it misses if nothing is set.
const BUNDLED: [(&str, &str, Kind, Option<&str>); 5] = [
    ("gate-auth-plugin", "GateAuth", Kind::Auth, None),
    (
        "jwt-auth-plugin",
        "JwtAuth",
        Kind::Auth,
        Some("JWT_PLUGIN_ISSUER is not set"),
    ),
    (
        "slack-notification-plugin",
        "SlackNotification",
        Kind::Notification,
        Some("SLACK_PLUGIN_URL is not set"),
    ),
    (
        "token-auth-plugin",
        "TokenAuth",
        Kind::Auth,
        Some("TOKEN_PLUGIN_FILE is not set"),
    ),
    (
        "webhook-notification-plugin",
        "WebhookNotification",
        Kind::Notification,
        Some("WEBHOOK_PLUGIN_URL is not set"),
    ),
];

fn spec(folder: &str, name: &str, kind: Kind) -> Spec {
    Spec {
        file: plugin(folder),
        name: Some(name.to_owned()),
        kind,
        deadline: DEADLINE,
        program: program(),
    }
}

#[tokio::test]
async fn each_tells_its_name_and_kind() {
    for (folder, name, kind, _) in BUNDLED {
        let contents = contents(&program(), &plugin(folder)).await.unwrap();
        let manifest = contents.manifest;

        assert_eq!(manifest.name, folder);
        let plugins = manifest.plugins.iter();
        let plugins: Vec<_> = plugins.map(|one| (&*one.name, one.kind)).collect();
        assert_eq!(plugins, [(name, kind)]);
    }
}

#[tokio::test]
async fn each_starts_or_says_what_it_misses() {
    for (folder, name, kind, misses) in BUNDLED {
        let started = Plugin::start(spec(folder, name, kind)).await;

        let told = started.err().map(|error| error.to_string());
        match misses {
            None => assert_eq!(told, None),
            Some(misses) => {
                let told = told.unwrap();
                assert!(
                    told.contains(misses) && told.contains(folder.split('-').next().unwrap()),
                    "{told}"
                );
            }
        }
    }
}

#[test]
fn every_plugin_of_the_workspace_is_among_them() {
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../plugins")).unwrap();
    let mut folders: Vec<_> = folders
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    folders.sort();

    assert_eq!(folders, BUNDLED.map(|(folder, ..)| folder));
}

/// The libraries are loaded into a process that has its own versions of what they are made of.
#[test]
fn none_exports_more_than_its_table() {
    for (folder, ..) in BUNDLED {
        let listed = Command::new("nm")
            .args(["--dynamic", "--defined-only", "--format=posix"])
            .arg(plugin(folder))
            .output()
            .unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        let symbols: Vec<_> = listed
            .lines()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(symbols, ["proctor_plugin_v1"], "{folder}");
    }
}
