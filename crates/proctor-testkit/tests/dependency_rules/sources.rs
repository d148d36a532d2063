//! Where crates come from: crates.io or this repository, nowhere else, and never in whatever version is newest.

use crate::workspace::Workspace;

/// The two names of crates.io.
const REGISTRIES: [&str; 2] = [
    "registry+https://github.com/rust-lang/crates.io-index",
    "sparse+https://index.crates.io/",
];

pub fn offenders(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in workspace.packages() {
        let is_ours = package.manifest.starts_with(workspace.root());
        match &package.source {
            Some(source) if REGISTRIES.contains(&source.as_str()) => {}
            None if is_ours && workspace.is_member(&package.name) => {}
            None => found.push(format!(
                "{} is a folder that is no crate of this workspace: {}",
                package.name,
                package.manifest.display()
            )),
            Some(source) => found.push(format!("{} comes from {source}", package.name)),
        }
    }
    for member in workspace.members() {
        for dependency in &member.dependencies {
            if dependency.requirement == "*" && !dependency.is_path {
                found.push(format!(
                    "{} takes any version of {}",
                    member.name, dependency.name
                ));
            }
        }
    }
    found
}

mod tests {
    use serde_json::json;

    use super::offenders;
    use crate::made_up::MadeUp;
    use crate::workspace::Workspace;

    #[test]
    fn git_other_registries_and_foreign_folders_are_named() {
        for (source, manifest) in [
            (
                json!("git+https://example.com/x.git#0"),
                "/git/x/Cargo.toml",
            ),
            (
                json!("registry+https://example.com/index"),
                "/r/x/Cargo.toml",
            ),
            (json!(null), "/elsewhere/x/Cargo.toml"),
            (json!(null), "/w/vendor/x/Cargo.toml"),
        ] {
            let fields = json!({ "source": source, "manifest_path": manifest });
            let workspace = MadeUp::new()
                .member("proctord", &["x"])
                .foreign_with("x", &[], &fields)
                .build();

            let found = offenders(&workspace);

            assert_eq!(found.len(), 1, "{fields} {found:?}");
            assert!(found[0].starts_with("x "), "{found:?}");
        }
    }

    #[test]
    fn any_version_is_no_version() {
        let workspace = Workspace::new(&json!({
            "workspace_root": "/w",
            "workspace_members": ["proctord"],
            "packages": [{
                "id": "proctord", "name": "proctord", "manifest_path": "/w/proctord/Cargo.toml",
                "dependencies": [
                    { "name": "x", "req": "*", "path": null },
                    { "name": "ours", "req": "*", "path": "/w/ours" },
                ],
            }],
        }));

        assert_eq!(offenders(&workspace), ["proctord takes any version of x"]);
    }
}
