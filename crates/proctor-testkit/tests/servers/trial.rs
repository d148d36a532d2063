//! `make up` and `make down`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn up_and_down_can_be_repeated_and_leave_nothing() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("trial");

    let first = variables(&script("up.sh", &folder));
    let again = variables(&script("up.sh", &folder));
    assert_eq!(first, again, "what runs is left as it is");
    let file = variables(&fs::read_to_string(folder.join("variables")).unwrap());
    assert_eq!(first, file);
    let asked = [
        "-tAc",
        "SELECT 40 + 2",
        first["PROCTOR_DATABASE_URL"].as_str(),
    ];
    assert_eq!(run(Command::new("psql").args(asked)), "42\n");
    let (host, port) = first["PROCTOR_REDIS_ADDRESS"].split_once(':').unwrap();
    let mut cli = Command::new("redis-cli");
    cli.env("REDISCLI_AUTH", &first["PROCTOR_REDIS_PASSWORD"]);
    assert_eq!(run(cli.args(["-h", host, "-p", port, "PING"])), "PONG\n");
    let servers = fs::read_link(folder.join("servers")).unwrap();
    assert!(servers.exists());

    let told = script("down.sh", &folder);
    assert!(
        ["postgres is", "redis is", "the cluster is"]
            .iter()
            .all(|server| told.contains(&format!("{server} stopped"))),
        "{told}"
    );
    assert!(!folder.exists() && !servers.exists());
    assert_eq!(script("down.sh", &folder), "nothing is up\n");
}

fn script(name: &str, folder: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../scripts")
        .join(name);
    let mut command = Command::new(script);
    if name == "up.sh" {
        let double = proctor_testkit::binary("kubernetes-double");
        command.arg(double.parent().unwrap());
    }
    run(command.arg(folder))
}

fn run(command: &mut Command) -> String {
    let ran = command.output().unwrap();
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{command:?}: {said}");
    String::from_utf8(ran.stdout).unwrap()
}

/// What a shell would have of the text, quotes taken off.
fn variables(text: &str) -> BTreeMap<String, String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("export "));
    let pairs = lines.filter_map(|line| line.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
        .collect()
}
