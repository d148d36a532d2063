//! Crates that must not be in the graph at all, not even in tests, and crates that may be there once.

use std::collections::{BTreeMap, BTreeSet};

use crate::workspace::{Package, Workspace};

/// A crate that is not wanted.
struct Ban {
    name: &'static str,
    /// Only versions below this one, as (major, minor); without it, every version.
    below: Option<(u64, u64)>,
    why: &'static str,
}

const fn ban(name: &'static str, why: &'static str) -> Ban {
    Ban {
        name,
        below: None,
        why,
    }
}

const BANS: [Ban; 9] = [
    ban(
        "actix-governor",
        "GPL-3.0; limits are counted in our own middleware",
    ),
    ban("backoff", "abandoned (RUSTSEC-2025-0012)"),
    Ban {
        name: "h2",
        below: Some((0, 4)),
        why: "RUSTSEC-2026-0258, and its line is no longer mended; actix does without its http2 feature",
    },
    ban("libyml", "unsound and abandoned (RUSTSEC-2025-0067)"),
    ban(
        "native-tls",
        "TLS is rustls everywhere, so that nothing of the system is linked",
    ),
    ban(
        "openssl-sys",
        "TLS is rustls everywhere, so that nothing of the system is linked",
    ),
    ban(
        "rsa",
        "leaks the key by timing, and no version is mended (RUSTSEC-2023-0071)",
    ),
    ban(
        "serde_yaml",
        "archived; YAML is written with yaml_serde and read with serde-saphyr",
    ),
    ban("serde_yml", "unsound and abandoned (RUSTSEC-2025-0068)"),
];

/// Crates of which two would not understand each other's types, or would double what must be there once.
const ONCE: [&str; 3] = ["rustls", "serde", "tokio"];

pub fn offenders(workspace: &Workspace) -> Vec<String> {
    let mut found = Vec::new();
    for package in workspace.packages() {
        if let Some(ban) = BANS.iter().find(|ban| ban.names(package)) {
            let way = workspace.way_from_anywhere(package);
            found.push(format!(
                "{} {} is banned ({way}): {}",
                package.name, package.version, ban.why
            ));
        }
    }
    for name in ONCE {
        let mut lines: BTreeMap<(u64, u64), BTreeSet<String>> = BTreeMap::new();
        for package in workspace.packages().filter(|package| package.name == name) {
            lines
                .entry(line(&package.version))
                .or_default()
                .insert(workspace.way_from_anywhere(package));
        }
        if lines.len() > 1 {
            found.push(format!("{name} is there {} times: {lines:?}", lines.len()));
        }
    }
    found
}

impl Ban {
    fn names(&self, package: &Package) -> bool {
        package.name == self.name
            && self
                .below
                .is_none_or(|limit| major_and_minor(&package.version) < limit)
    }
}

/// What of a version must be equal for two to be one: the major number, and the minor one below 1.0.
fn line(version: &str) -> (u64, u64) {
    match major_and_minor(version) {
        (0, minor) => (0, minor),
        (major, _) => (major, 0),
    }
}

fn major_and_minor(version: &str) -> (u64, u64) {
    let mut numbers = version
        .split(['.', '-', '+'])
        .map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

mod tests {
    use super::offenders;
    use crate::made_up::MadeUp;

    #[test]
    fn a_banned_crate_is_told_with_the_way_that_leads_to_it() {
        let workspace = MadeUp::new()
            .member("proctord", &["dev:client"])
            .foreign("client", &["native-tls"])
            .foreign("native-tls", &["openssl-sys"])
            .foreign("openssl-sys", &[])
            .build();

        let found = offenders(&workspace).join("\n");

        assert!(found.contains("native-tls 1.0.0 is banned"), "{found}");
        assert!(
            found.contains(
                "openssl-sys 1.0.0 is banned (proctord → client → native-tls → openssl-sys)"
            ),
            "{found}"
        );
    }

    #[test]
    fn a_ban_may_end_at_a_version() {
        let with = |version: &str| {
            MadeUp::new()
                .member("proctord", &[version])
                .foreign(version, &[])
                .build()
        };

        assert_eq!(offenders(&with("h2@0.3.27")).len(), 1);
        assert_eq!(offenders(&with("h2@0.4.0")).len(), 0);
        assert_eq!(offenders(&with("h2@1.0.0")).len(), 0);
    }

    #[test]
    fn some_crates_may_be_there_once() {
        let with = |versions: [&str; 2]| {
            MadeUp::new()
                .member("proctord", &versions)
                .foreign(versions[0], &[])
                .foreign(versions[1], &[])
                .build()
        };

        assert_eq!(
            offenders(&with(["rustls@0.22.1", "rustls@0.23.0"])).len(),
            1
        );
        assert_eq!(offenders(&with(["tokio@1.1.0", "tokio@2.0.0"])).len(), 1);
        assert_eq!(offenders(&with(["serde@1.0.1", "serde@1.9.0"])).len(), 0);
        assert_eq!(
            offenders(&with(["base64@0.21.0", "base64@0.22.0"])).len(),
            0
        );
    }
}
