//! What it costs to find out who asks: the same request to a service that asks nobody, to one that remembers (warm), and
//! to one that has the plugin say it each time (cold), a thousand a second to each, in turns, so that a busy machine
//! slows all of them down. Tokens are hashed as cheaply as argon2 allows: what a real one costs is argon2's own affair,
//! and is told beside it.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on should say where"
)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use argon2::{Argon2, Params, PasswordHasher};
use futures::future::join_all;
use proctor_testkit::{Proctord, plugin};
use tokio::time::{Instant, sleep_until};

const A_SECOND: u32 = 1000;
const TURNS: usize = 3;
const TURN: Duration = Duration::from_secs(3);
/// More than are looked at at once: who shows what another one shows at that time shares the answer.
const TOKENS: u32 = 512;

/// A service, and how long its answers took.
struct Side {
    /// How many tokens are shown, one after the other.
    tokens: u32,
    name: &'static str,
    proctord: Proctord,
    took: Vec<Duration>,
    wall: Duration,
}

impl Side {
    fn start(name: &'static str, tokens: u32, folder: &Path, variables: &[(&str, &str)]) -> Self {
        let builder = Proctord::at(&folder.join(name));
        let builder = variables
            .iter()
            .fold(builder, |builder, (name, value)| builder.env(name, value));
        Self {
            tokens,
            name,
            proctord: builder.start(),
            took: Vec::new(),
            wall: Duration::ZERO,
        }
    }

    /// Asks a thousand times a second for a while, whether or not earlier answers have come.
    async fn turn(&mut self, client: &reqwest::Client) {
        let begun = Instant::now();
        let asking = (0..A_SECOND * TURN.as_secs() as u32).map(|number| {
            let due = begun + Duration::from_secs(1) * number / A_SECOND;
            let url = format!("http://{}/whoami", self.proctord.address());
            let request = client.get(url).bearer_auth(token(number % self.tokens));
            async move {
                sleep_until(due).await;
                let status = request.send().await.unwrap().status();
                assert_eq!(status, 200);
                // Waiting for a turn counts: whoever asks has to wait as well.
                due.elapsed()
            }
        });
        self.took.extend(join_all(asking).await);
        self.wall += begun.elapsed();
    }

    fn percentile(&self, percent: usize) -> f64 {
        let mut took = self.took.clone();
        took.sort();
        took[(took.len() - 1) * percent / 100].as_secs_f64() * 1000.0
    }
}

fn token(number: u32) -> String {
    format!("proctor_ann{number}_secret")
}

fn hash(token: &str, params: Params) -> String {
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password(token.as_bytes()).unwrap().to_string()
}

fn write_users(folder: &Path) -> String {
    let params = Params::new(8, 1, 1, None).unwrap();
    let entry = |number| {
        let hash = hash(&token(number), params.clone());
        format!("{{ id = \"ann{number}\", hash = \"{hash}\" }}")
    };
    let tokens: Vec<_> = (0..TOKENS).map(entry).collect();
    let text = format!(
        "[[user]]\nemail = \"ann@example.org\"\ngroups = [\"ops\"]\ntokens = [{}]\n",
        tokens.join(", ")
    );
    let path = folder.join("users.toml");
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let users = write_users(folder.path());
    let library = plugin("token-auth-plugin").display().to_string();
    let on = [
        ("PROCTOR_AUTH_ENABLED", "true"),
        ("PROCTOR_AUTH_PLUGIN_BINARY", &*library),
        ("TOKEN_PLUGIN_FILE", &*users),
    ];
    let cold = [on[0], on[1], on[2], ("PROCTOR_AUTH_CACHE_LIFETIME", "0")];
    let mut sides = [
        Side::start("none", TOKENS, folder.path(), &[]),
        Side::start("warm", 1, folder.path(), &on),
        Side::start("cold", TOKENS, folder.path(), &cold),
    ];
    let client = reqwest::Client::new();

    for _ in 0..TURNS {
        for side in &mut sides {
            side.turn(&client).await;
        }
    }

    println!("{A_SECOND} requests a second; ratios are to a service without authentication");
    let (median, p99) = (sides[0].percentile(50), sides[0].percentile(99));
    for side in &sides {
        println!(
            "{}: {:.0}/s, p50 {:.2} ms ({:.2}), p99 {:.2} ms ({:.2})",
            side.name,
            side.took.len() as f64 / side.wall.as_secs_f64(),
            side.percentile(50),
            side.percentile(50) / median,
            side.percentile(99),
            side.percentile(99) / p99,
        );
    }
    let begun = Instant::now();
    let _ = hash(&token(0), Params::default());
    let argon2 = begun.elapsed();
    println!("one token by argon2 as `proctord plugins token` hashes it: {argon2:.1?}");
}
