//! Production mode as the README tries it: what `make up` does, the service, the commands, what `make down` does.

use std::path::{Path, PathBuf};
use std::process::Command;

use proctor_testkit::{binary, wait_for};

use crate::fences::{self, Role};
use crate::service::{self, Service};
use crate::{WRITTEN_ADDRESS, assert_told, read, root, shell};

/// Where the README has the servers and their variables.
const WRITTEN_FOLDER: &str = ".proctor/";

/// The servers of `make up`, in a folder of their own; dropped, they go as by `make down`.
struct Up {
    folder: PathBuf,
}

impl Up {
    fn start(folder: &Path) -> Self {
        let up = Self {
            folder: folder.to_owned(),
        };
        let proctor = binary("proctor");
        let binaries = proctor.parent().expect("a binary lies in a folder");
        let started = Command::new(root().join("scripts/up.sh"))
            .args([binaries, folder])
            .output()
            .expect("there is a shell");
        assert!(started.status.success(), "{started:?}");
        up
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        // The test is over, whatever becomes of it.
        let _ = Command::new(root().join("scripts/down.sh"))
            .arg(&self.folder)
            .output();
    }
}

#[test]
fn the_readmes_production_mode_does_what_it_says() {
    walk(Role::Production);
}

#[test]
fn the_readmes_production_mode_does_the_same_on_a_cluster() {
    walk(Role::Cluster);
}

/// Does what the README does in production mode, with the service that the block of this role starts.
fn walk(service: Role) {
    let fences = fences::read(&read("README.md"));
    let of = |role: Role| fences.iter().filter(move |fence| fence.role() == role);
    let [service] = of(service).collect::<Vec<_>>()[..] else {
        panic!("one block starts the service");
    };
    let home = tempfile::tempdir().expect("a folder can be made");
    let home = home.path().canonicalize().expect("it exists");
    let folder = home.join("up");
    let _up = Up::start(&folder);
    let in_folder = format!("{}/", folder.display());
    let service = Service::start(&home, &service.replace(WRITTEN_FOLDER, &in_folder).text);
    let procs = format!("{}/", root().join("procs").display());
    let walk: Vec<_> = of(Role::InProduction)
        .map(|fence| fence.replace(WRITTEN_ADDRESS, service.address()))
        .map(|fence| {
            fence
                .replace(WRITTEN_FOLDER, &in_folder)
                .replace("procs/", &procs)
        })
        .collect();
    assert!(!walk.is_empty(), "the README shows production mode");
    wait_for("the service to be ready", || {
        let mut list = shell::command(&home, "proctor");
        let list = list.arg("list").env("PROCTOR_HOST", service.address());
        let ran = list.output().expect("proctor can be run");
        if ran.status.success() {
            Ok(())
        } else {
            Err(ran)
        }
    });

    let outputs = shell::run(&home, &walk);

    assert_told(&walk, &outputs);
    wait_for("the executions of the README to be over", || {
        let left = service::left_by(&home);
        if left.is_empty() { Ok(()) } else { Err(left) }
    });
    service.stop();
}
