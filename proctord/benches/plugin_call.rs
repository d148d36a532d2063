//! What a call of a plugin costs that runs in a process of its own, against a call of the same library in the same
//! process: the price of a service that a plugin cannot bring down. The plugin is the example in C, which does as good
//! as nothing, so that nothing hides the way there and back.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should say where"
)]

#[path = "plugin_call/in_process.rs"]
mod in_process;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use proctor_plugin::{Credentials, Kind, User};
use proctord::plugins::{Plugin, Spec};
use tempfile::TempDir;
use tokio::task::JoinSet;

use in_process::Loaded;

const CALLS: u32 = 20_000;
const AT_A_TIME: [u32; 3] = [1, 4, 16];

fn main() {
    let folder = TempDir::new().unwrap();
    let file = compiled(&folder);
    let direct = in_process(&file);
    println!("a call in the same process    {direct:?}");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    for at_a_time in AT_A_TIME {
        let (each, slowest) = runtime.block_on(by_the_child(&file, at_a_time));
        let ratio = each.as_secs_f64() / direct.as_secs_f64();
        let rate = 1.0 / each.as_secs_f64();
        println!(
            "by its own, {at_a_time:>2} at a time    {each:?} each, {rate:.0}/s, {ratio:.0} times; slowest {slowest:?}"
        );
    }
}

fn compiled(folder: &TempDir) -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = folder.path().join("libexample.so");
    let compiled = Command::new("cc")
        .args(["-std=c11", "-O2", "-shared", "-fPIC", "-I"])
        .arg(here.join("../crates/proctor-plugin/include"))
        .arg(here.join("../plugins/example-in-c/example.c"))
        .arg("-o")
        .arg(&file)
        .status();
    assert!(compiled.unwrap().success());
    file
}

fn credentials() -> Credentials {
    Credentials {
        email: Some("ali@example.org".to_owned()),
        token: "open sesame".to_owned(),
    }
}

/// How long a call takes, with the same work on JSON before and after.
fn in_process(file: &Path) -> Duration {
    let loaded = Loaded::load(file, "ExampleAuth");
    let began = Instant::now();
    for _ in 0..CALLS {
        let request = serde_json::to_vec(&credentials()).unwrap();
        let answer = loaded.call("authenticate", &request);
        let user: Option<User> = serde_json::from_slice(&answer).unwrap();
        assert!(user.is_some());
    }
    began.elapsed() / CALLS
}

/// How long one takes on average if so many are under way at a time, and how long the slowest took.
async fn by_the_child(file: &Path, at_a_time: u32) -> (Duration, Duration) {
    let plugin = Plugin::start(Spec {
        file: file.to_owned(),
        name: None,
        kind: Kind::Auth,
        deadline: Duration::from_secs(10),
        program: env!("CARGO_BIN_EXE_proctord").into(),
    });
    let plugin = plugin.await.unwrap();
    let began = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..at_a_time {
        callers.spawn(call_again_and_again(plugin.clone(), CALLS / at_a_time));
    }
    let slowest = callers.join_all().await.into_iter().max().unwrap();
    (began.elapsed() / CALLS, slowest)
}

async fn call_again_and_again(plugin: Plugin, times: u32) -> Duration {
    let mut slowest = Duration::ZERO;
    for _ in 0..times {
        let began = Instant::now();
        let user: Option<User> = plugin.call("authenticate", &credentials()).await.unwrap();
        assert!(user.is_some());
        slowest = slowest.max(began.elapsed());
    }
    slowest
}
