//! Tables, links and names in the documents, held against the product.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use proctor_testkit::binary;

use crate::{fences, read, root};

const DOCUMENTS: [&str; 9] = [
    "README.md",
    "CHANGELOG.md",
    "docs/API.md",
    "docs/ARCHITECTURE.md",
    "docs/AUTHENTICATION.md",
    "docs/RELIABILITY.md",
    "docs/creating_procs.md",
    "docs/features.md",
    "docs/glossary.md",
];

/// The fail points by which tests of the fail points themselves go.
const TESTS_OWN: &str = "test.";

#[test]
fn whatever_make_is_asked_for_is_a_target() {
    let makefile = read("Makefile");
    let is_target = |name: &str| {
        let rule = format!("{name}:");
        makefile.lines().any(|line| line.starts_with(&rule))
    };
    let readme = read("README.md");
    let commands = fences::read(&readme);
    let typed = commands.iter().flat_map(|fence| fence.text.lines());
    let told = readme.split('`').skip(1).step_by(2);

    let targets: BTreeSet<_> = typed
        .chain(told)
        .filter_map(|text| text.strip_prefix("make "))
        .flat_map(str::split_whitespace)
        .collect();

    assert!(
        targets.is_superset(&["build", "demo", "test"].into()),
        "{targets:?}"
    );
    for target in targets {
        assert!(is_target(target), "make has no target {target}");
    }
}

#[test]
fn links_lead_to_files_that_are_there() {
    for document in DOCUMENTS {
        let folder = root().join(document);
        let folder = folder.parent().expect("a document lies in a folder");
        for link in read(document).split("](").skip(1) {
            let link = link.split([')', '#']).next().unwrap_or_default();
            let is_here = !link.is_empty() && !link.contains("://");
            assert!(
                !is_here || folder.join(link).exists(),
                "{document} leads to {link}, which is not there"
            );
        }
    }
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_command_line() {
    let help = told(&["execute", "--help"]);
    let table = help
        .split_once("Exit codes of execute, rerun, logs and schedule run:\n")
        .map(|(_, table)| table.lines().take_while(|line| line.starts_with("  ")))
        .expect("the help has a table of exit codes");
    let in_help: Vec<_> = table
        .filter_map(|line| line.split_whitespace().next())
        .map(ToOwned::to_owned)
        .collect();

    assert_eq!(first_cells("## Exit codes"), in_help);
}

#[test]
fn the_table_of_settings_names_what_the_command_line_takes() {
    let help = told(&["config", "--help"]);

    for name in first_cells("## Configuration") {
        let name = name.trim_matches('`').to_owned();
        // Where the file is cannot be told in the file.
        if name != "LOCAL_CONFIG_DIR" {
            assert!(help.contains(&name), "proctor config does not take {name}");
        }
    }
}

#[test]
fn the_architecture_names_exactly_the_fail_points_that_there_are() {
    let mut in_code = BTreeSet::new();
    for folder in ["proctord/src", "crates"] {
        collect_fail_points(&root().join(folder), &mut in_code);
    }
    let architecture = read("docs/ARCHITECTURE.md");
    let families: BTreeSet<_> = in_code
        .iter()
        .filter_map(|name| name.split('.').next())
        .collect();
    let in_document: BTreeSet<String> = architecture
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| {
            word.split_once('.').is_some_and(|(family, name)| {
                families.contains(family) && name.chars().all(|c| c.is_ascii_lowercase())
            })
        })
        .map(ToOwned::to_owned)
        .filter(|word| !word.ends_with(".rs") && !word.ends_with(".json"))
        .collect();

    assert_eq!(in_document, in_code);
}

/// What `proctor` tells when it is asked.
fn told(words: &[&str]) -> String {
    let output = Command::new(binary("proctor"))
        .args(words)
        .output()
        .expect("proctor can be run");
    assert!(output.status.success(), "proctor {words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("it writes text")
}

/// The first cells of the table below this heading of the README, its own heading left out.
fn first_cells(heading: &str) -> Vec<String> {
    let readme = read("README.md");
    let section = readme
        .split_once(heading)
        .map(|(_, rest)| rest.split("\n## ").next().unwrap_or_default())
        .unwrap_or_else(|| panic!("the README has no section {heading}"));
    let cells = section
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let cells: Vec<_> = cells.skip(1).map(ToOwned::to_owned).collect();
    assert!(!cells.is_empty(), "{heading} has no table");
    cells
}

fn collect_fail_points(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder can be listed") {
        let path = entry.expect("a folder can be listed").path();
        if path.is_dir() {
            collect_fail_points(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file is text");
            let calls = text.split("failpoint::hit(\"").skip(1);
            let found = calls.filter_map(|rest| rest.split('"').next());
            names.extend(
                found
                    .filter(|name| !name.starts_with(TESTS_OWN))
                    .map(ToOwned::to_owned),
            );
        }
    }
}
