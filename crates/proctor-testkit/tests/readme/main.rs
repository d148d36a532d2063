//! What README.md and docs/ARCHITECTURE.md tell is true: the README's commands are run as a newcomer would run
//! them, in their order, and its tables and links, and the architecture's fail points, are held against the
//! product.

mod documents;
mod features;
mod fences;
mod production;
mod service;
mod shell;

use std::fs;
use std::path::PathBuf;

use fences::{Fence, Role};
use proctor_testkit::wait_for;
use service::Service;

/// The address that the README uses, where a service has no say in its port.
const WRITTEN_ADDRESS: &str = "127.0.0.1:5001";

fn root() -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the repository's root exists")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Each block tells what is shown below it.
fn assert_told(blocks: &[Fence], outputs: &[String]) {
    for (fence, output) in blocks.iter().zip(outputs) {
        for line in &fence.expected {
            assert!(
                output.contains(line.as_str()),
                "README.md:{} does not tell `{line}`, but:\n{output}",
                fence.line
            );
        }
    }
}

#[test]
fn the_readmes_commands_do_what_it_says() {
    let fences = fences::read(&read("README.md"));
    let role = |role: Role| fences.iter().filter(move |fence| fence.role() == role);
    let [service] = role(Role::Service).collect::<Vec<_>>()[..] else {
        panic!("one block starts the service");
    };
    let home = tempfile::tempdir().expect("a folder can be made");
    let home = home.path().canonicalize().expect("it exists");
    let service = Service::start(&home, &service.text);

    let walk: Vec<Fence> = role(Role::Walk)
        .map(|fence| fence.replace(WRITTEN_ADDRESS, service.address()))
        .collect();
    assert!(
        walk.iter()
            .any(|fence| fence.text.contains(service.address())),
        "the README says where the service is"
    );
    let outputs = shell::run(&home, &walk);

    assert_told(&walk, &outputs);
    wait_for("the executions of the README to be over", || {
        let left = service::left_by(&home);
        if left.is_empty() { Ok(()) } else { Err(left) }
    });
    service.stop();
}
