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
const EMAIL: &str = "annabelleannabelle@example.org";
const TOKEN: &str = "proctor_ann_secret";

/// How those who ask write their address: what is spelled anew is asked for anew, though many ask at once.
#[derive(Clone, Copy)]
enum Spelling {
    Same,
    Each,
}

/// A service, and how long its answers took.
struct Side {
    spelling: Spelling,
    name: &'static str,
    proctord: Proctord,
    took: Vec<Duration>,
    wall: Duration,
}

impl Side {
    fn start(
        name: &'static str,
        spelling: Spelling,
        folder: &Path,
        variables: &[(&str, &str)],
    ) -> Self {
        let builder = Proctord::at(&folder.join(name));
        let builder = variables
            .iter()
            .fold(builder, |builder, (name, value)| builder.env(name, value));
        Self {
            spelling,
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
            let request = client.get(url).bearer_auth(TOKEN);
            let request = match self.spelling {
                Spelling::Same => request,
                Spelling::Each => request.header("Email-Id", spelled(number)),
            };
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

/// The address with another choice of capitals for each number.
fn spelled(number: u32) -> String {
    let letter = |(place, letter): (usize, char)| match number >> (place % 32) & 1 {
        1 => letter.to_ascii_uppercase(),
        _ => letter,
    };
    EMAIL.chars().enumerate().map(letter).collect()
}

fn hash(params: Params) -> String {
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password(TOKEN.as_bytes()).unwrap().to_string()
}

fn write_users(folder: &Path) -> String {
    let hash = hash(Params::new(8, 1, 1, None).unwrap());
    let text = format!(
        "[[user]]\nemail = \"{EMAIL}\"\ngroups = [\"ops\"]\ntokens = [{{ id = \"ann\", hash = \"{hash}\" }}]\n"
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
        Side::start("none", Spelling::Each, folder.path(), &[]),
        Side::start("warm", Spelling::Same, folder.path(), &on),
        Side::start("cold", Spelling::Each, folder.path(), &cold),
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
    let _ = hash(Params::default());
    let argon2 = begun.elapsed();
    println!("one token by argon2 as `proctord plugins token` hashes it: {argon2:.1?}");
}
