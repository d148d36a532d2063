//! Who may depend on whom. A crate that is new needs a line here before it may exist.

use crate::workspace::{Kind, Package, Workspace};

/// The kit that only tests may use.
const KIT: &str = "proctor-testkit";

/// What one crate may be built from.
struct Layer {
    name: &'static str,
    /// The crates of this workspace that it may depend on, beside the kit in its tests.
    workspace: &'static [&'static str],
    /// If set, the only foreign crates that it may name.
    only: Option<&'static [&'static str]>,
    /// What must not be in it, however it would get there, and why.
    never: &'static [&'static str],
    why: &'static str,
}

const LAYERS: [Layer; 15] = [
    Layer {
        name: "proctor-api",
        workspace: &[],
        only: Some(&["jiff", "serde", "serde_json"]),
        never: &["actix-web", "kube", "sqlx", "tokio"],
        why: "both binaries speak through it, so it is types and serde only",
    },
    Layer {
        name: "proctor-cli",
        // A cron expression is checked before it is sent, by the crate that the service reads it with; that one is pure.
        workspace: &["proctor-api", "proctor-cron"],
        only: None,
        never: &["actix-web", "kube", "proctord", "sqlx"],
        why: "the command line is a client and no part of the service",
    },
    Layer {
        name: "proctor-plugin",
        workspace: &[],
        only: Some(&["serde", "serde_json"]),
        never: &["proctord", "tokio"],
        why: "it is in every plugin, and strangers build on it",
    },
    Layer {
        name: "proctor-plugin-http",
        workspace: &["proctor-plugin"],
        only: Some(&["rustls", "rustls-native-certs", "ureq"]),
        never: NOT_IN_PLUGINS,
        why: PLUGINS_ALONE,
    },
    Layer {
        name: "proctor-token",
        workspace: &[],
        only: Some(&["argon2", "base64", "rand", "thiserror", "zeroize"]),
        never: NOT_IN_PLUGINS,
        why: "the service and a plugin mean the same by it, and neither is in it",
    },
    plugin(
        "gate-auth-plugin",
        &["proctor-plugin", "proctor-plugin-http"],
    ),
    plugin(
        "jwt-auth-plugin",
        &["proctor-plugin", "proctor-plugin-http"],
    ),
    plugin(
        "slack-notification-plugin",
        &["proctor-plugin", "proctor-plugin-http"],
    ),
    plugin("token-auth-plugin", &["proctor-plugin", "proctor-token"]),
    plugin(
        "webhook-notification-plugin",
        &["proctor-plugin", "proctor-plugin-http"],
    ),
    Layer {
        name: "proctor-cron",
        workspace: &[],
        only: Some(&["croner", "jiff", "sha2", "thiserror"]),
        never: &["actix-web", "kube", "sqlx", "tokio"],
        why: "which moments a schedule has is worked out, never looked up: no clock, no files, no database",
    },
    Layer {
        name: "proctor-shim",
        workspace: &[],
        only: Some(&["libc", "rustix", "serde", "serde_json"]),
        never: &["proctord", "tokio"],
        why: "a shim stands by every process that runs, so it is small and has one thread",
    },
    Layer {
        name: KIT,
        workspace: &[],
        only: None,
        never: &["proctor-cli", "proctord"],
        why: "the kit runs the binaries; it must not be built from them",
    },
    Layer {
        name: "proctor-worker",
        workspace: &["proctor-shim"],
        only: None,
        never: &["actix-web", "kube", "sqlx", "tonic"],
        why: "the worker runs processes and knows no transport, cluster or database",
    },
    Layer {
        name: "proctord",
        workspace: &[
            "proctor-api",
            "proctor-cron",
            "proctor-plugin",
            "proctor-token",
            "proctor-worker",
        ],
        only: None,
        never: &["proctor-cli"],
        why: "the service reaches processes through the worker, people through its API and plugins through theirs",
    },
];

/// What would make a plugin a second service.
const NOT_IN_PLUGINS: &[&str] = &["actix-web", "kube", "proctord", "sqlx", "tokio"];
const PLUGINS_ALONE: &str =
    "a plugin runs by itself and answers one call at a time; the service is none of its business";

const fn plugin(name: &'static str, workspace: &'static [&'static str]) -> Layer {
    Layer {
        name,
        workspace,
        only: None,
        never: NOT_IN_PLUGINS,
        why: PLUGINS_ALONE,
    }
}

/// Crates that exist on Linux alone or tie their user to a Unix; the command line is to run anywhere.
const NOT_IN_CLI: [&str; 5] = ["inotify", "libc", "nix", "procfs", "rustix"];

pub fn offenders(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for member in workspace.members() {
        match LAYERS.iter().find(|layer| layer.name == member.name) {
            Some(layer) => found.extend(in_layer(workspace, member, layer)),
            None => found.push(format!(
                "{} has no layer: say in layers.rs what it may depend on",
                member.name
            )),
        }
    }
    found
}

fn in_layer(workspace: &Workspace, member: &Package, layer: &Layer) -> Vec<String> {
    let (name, why) = (layer.name, layer.why);
    let mut found = Vec::new();
    for dependency in &member.dependencies {
        let other = dependency.name.as_str();
        let in_tests = dependency.kind == Kind::Dev;
        if other == KIT && !in_tests {
            found.push(format!("{name} may use {KIT} in its tests only"));
        } else if workspace.is_member(other) {
            if other != KIT && !layer.workspace.contains(&other) {
                found.push(format!("{name} must not depend on {other}: {why}"));
            }
        } else if !in_tests && layer.only.is_some_and(|only| !only.contains(&other)) {
            found.push(format!("{name} must not depend on {other}: {why}"));
        } else if name == "proctor-cli" && !in_tests && NOT_IN_CLI.contains(&other) {
            found.push(format!(
                "{name} must not depend on {other}: the command line is to run on other systems too"
            ));
        }
    }
    for banned in layer.never {
        if let Some(way) = workspace.way_to(member, banned) {
            found.push(format!("{name} must not contain {banned} ({way}): {why}"));
        }
    }
    found
}

mod tests {
    use super::offenders;
    use crate::made_up::MadeUp;

    #[test]
    fn what_stands_below_may_be_used_and_the_kit_in_tests() {
        let workspace = MadeUp::new()
            .member("proctord", &["proctor-api", "tokio", "dev:proctor-testkit"])
            .member("crates/proctor-api", &["serde"])
            .member("crates/proctor-testkit", &["tokio"])
            .foreign("serde", &[])
            .foreign("tokio", &[])
            .build();

        assert_eq!(offenders(&workspace), Vec::<String>::new());
    }

    #[test]
    fn a_crate_above_must_not_be_used_not_even_in_tests() {
        let workspace = MadeUp::new()
            .member("proctor-cli", &["dev:proctord"])
            .member("proctord", &[])
            .build();

        let found = offenders(&workspace);

        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].starts_with("proctor-cli must not depend on proctord:"),
            "{found:?}"
        );
    }

    #[test]
    fn a_crate_far_below_is_told_with_the_way_that_leads_to_it() {
        let workspace = MadeUp::new()
            .member("crates/proctor-worker", &["innocent"])
            .foreign("innocent", &["kube"])
            .foreign("kube", &[])
            .build();

        let found = offenders(&workspace);

        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("(proctor-worker → innocent → kube)"),
            "{found:?}"
        );
    }

    #[test]
    fn what_only_tests_use_does_not_ship() {
        let workspace = MadeUp::new()
            .member("crates/proctor-shim", &["serde", "dev:tokio"])
            .foreign("serde", &["dev:tokio"])
            .foreign("tokio", &[])
            .build();

        assert_eq!(offenders(&workspace), Vec::<String>::new());
    }

    #[test]
    fn the_shim_stays_small_and_the_api_pure() {
        let workspace = MadeUp::new()
            .member("crates/proctor-shim", &["tokio"])
            .member("crates/proctor-api", &["reqwest"])
            .foreign("tokio", &[])
            .foreign("reqwest", &[])
            .build();

        let found = offenders(&workspace).join("\n");

        assert!(
            found.contains("proctor-shim must not contain tokio"),
            "{found}"
        );
        assert!(
            found.contains("proctor-api must not depend on reqwest"),
            "{found}"
        );
    }

    #[test]
    fn the_kit_and_new_crates_and_linux_are_kept_where_they_belong() {
        let workspace = MadeUp::new()
            .member("proctor-cli", &["rustix", "proctor-testkit"])
            .member("crates/proctor-testkit", &[])
            .member("crates/proctor-utils", &[])
            .foreign("rustix", &[])
            .build();

        let found = offenders(&workspace).join("\n");

        assert!(
            found.contains("proctor-cli may use proctor-testkit in its tests only"),
            "{found}"
        );
        assert!(
            found.contains("proctor-cli must not depend on rustix"),
            "{found}"
        );
        assert!(found.contains("proctor-utils has no layer"), "{found}");
    }
}
