//! Which module of proctord may use which: requests come in at the top, rules stand at the bottom, and nothing
//! below knows who calls it. Checked on the words `crate::NAME`, which is how modules name each other.

use std::path::Path;

use crate::house::{read, rust_files};

/// A module and those that it may use beside itself.
struct Floor {
    name: &'static str,
    may_use: &'static [&'static str],
}

/// The modules that have a rule. Those above them (`app`, `command`, `http`, `startup`, `submission`, `samples`)
/// bring the parts together.
const FLOORS: [Floor; 17] = [
    Floor {
        name: "domain",
        may_use: &[],
    },
    Floor {
        name: "policy",
        may_use: &["domain"],
    },
    Floor {
        name: "sqlite",
        may_use: &[],
    },
    Floor {
        name: "store",
        may_use: &["domain", "sqlite", "telemetry"],
    },
    Floor {
        name: "catalog",
        may_use: &["domain", "sqlite", "telemetry"],
    },
    Floor {
        name: "runner",
        may_use: &["bundle", "domain", "telemetry"],
    },
    Floor {
        name: "logs",
        may_use: &["domain", "runner", "store", "telemetry"],
    },
    Floor {
        name: "tracker",
        may_use: &["catalog", "domain", "logs", "runner", "store", "telemetry"],
    },
    Floor {
        name: "deliveries",
        may_use: &["domain", "logs", "plugins", "store", "telemetry"],
    },
    Floor {
        name: "retention",
        may_use: &["domain", "store", "telemetry", "ticker"],
    },
    Floor {
        name: "ticker",
        may_use: &["telemetry"],
    },
    Floor {
        name: "housekeeping",
        may_use: &["domain", "runner", "store", "telemetry"],
    },
    // The settings that it reads are defined by those who need them.
    Floor {
        name: "readiness",
        may_use: &["authentication", "catalog", "runner", "store", "telemetry"],
    },
    Floor {
        name: "plugins",
        may_use: &["telemetry"],
    },
    Floor {
        name: "authentication",
        may_use: &["plugins", "telemetry"],
    },
    Floor {
        // Whose settings it makes.
        name: "config",
        may_use: &[
            "catalog",
            "deliveries",
            "domain",
            "runner",
            "store",
            "telemetry",
            "tls",
        ],
    },
    Floor {
        name: "tls",
        may_use: &["telemetry"],
    },
];

/// What the domain must not know, whoever would bring it there.
const NOT_IN_DOMAIN: [&str; 6] = [
    "actix_web::",
    "kube::",
    "sqlx::",
    "std::fs",
    "std::net",
    "tokio::",
];

/// Whatever breaks the rules below proctord's `src` folder.
pub fn offenders(src: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in rust_files(src) {
        let within = path.strip_prefix(src).unwrap_or(&path);
        let Some(first) = within.components().next() else {
            continue;
        };
        let module = first.as_os_str().to_string_lossy();
        let module = module.trim_end_matches(".rs");
        if let Some(floor) = FLOORS.iter().find(|floor| floor.name == module) {
            let flaws = used_from_above(floor, &read(&path));
            found.extend(
                flaws
                    .iter()
                    .map(|flaw| format!("{} uses {flaw}", within.display())),
            );
        }
    }
    found
}

fn used_from_above(floor: &Floor, text: &str) -> Vec<String> {
    let mut flaws = Vec::new();
    for line in code(text) {
        for rest in line.split("crate::").skip(1) {
            let name: String = rest
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect();
            // A module under test may be anything; what stands in braces or is a macro has no one name.
            let is_free = name.is_empty() || name == floor.name || floor.may_use.contains(&&*name);
            if !is_free {
                flaws.push(format!("crate::{name}, which stands above {}", floor.name));
            }
        }
        if floor.name == "domain" {
            let named = NOT_IN_DOMAIN.iter().filter(|name| line.contains(**name));
            flaws.extend(named.map(|name| format!("{name}, and the domain does no IO")));
        }
    }
    flaws
}

/// The lines that ship: no comments, and nothing behind the tests at a file's end.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .take_while(|line| !line.starts_with("#[cfg(test)]"))
        .filter(|line| !line.trim_start().starts_with("//"))
}

mod tests {
    use super::offenders;

    fn found(path: &str, text: &str) -> Vec<String> {
        let src = tempfile::tempdir().expect("a folder can be made");
        let path = src.path().join(path);
        let folder = path.parent().expect("it lies in the folder");
        std::fs::create_dir_all(folder).expect("a folder can be made");
        std::fs::write(path, text).expect("a file can be written");
        offenders(src.path())
    }

    #[test]
    fn a_module_that_uses_one_above_it_is_named() {
        let found = found("store/sqlite.rs", "use crate::http::error::ApiError;\n");

        assert_eq!(
            found,
            ["store/sqlite.rs uses crate::http, which stands above store"]
        );
    }

    #[test]
    fn the_domain_does_no_io() {
        assert_eq!(found("domain/id.rs", "use tokio::sync::watch;\n").len(), 1);
        assert_eq!(
            found("domain.rs", "use std::fs;\nuse crate::store::Store;\n").len(),
            2
        );
    }

    #[test]
    fn what_stands_below_comments_and_tests_may_be_named() {
        let text = "//! See `crate::http`.\nuse crate::domain::id::ExecutionId;\npub(crate) fn f() {}\n\
                    #[cfg(test)]\nmod tests { use crate::http; }\n";

        assert_eq!(found("store.rs", text), Vec::<String>::new());
        assert_eq!(
            found("http/error.rs", "use crate::store::StoreError;\n"),
            Vec::<String>::new()
        );
    }
}
