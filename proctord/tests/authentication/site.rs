//! A service that authenticates by a file of users, and requests to it in the name of each of them.

use std::cell::Cell;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use argon2::{Argon2, PasswordHasher};
use proctor_testkit::{Proctord, ProctordBuilder, plugin, wait_for_async};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Everybody that these tests know: the name before the `@`, and the groups.
pub const USERS: [(&str, &[&str]); 6] = [
    ("root", &["ops", "db", "vault", "proctor.admin"]),
    ("none", &[]),
    ("some", &["ops"]),
    ("all", &["ops", "db"]),
    ("admin", &["proctor.admin"]),
    ("inactive", &["ops", "db", "proctor.admin"]),
];

pub struct Site {
    pub folder: TempDir,
    pub proctord: Proctord,
    client: reqwest::Client,
    /// How many sources were taken so far.
    sources: Cell<u8>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

/// What a request shows of who sends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof<'a> {
    Nothing,
    /// Version 2's headers: whose address, and whose token.
    Token(&'a str, &'a str),
    /// Whose token, with nothing beside it.
    Bearer(&'a str),
}

impl Site {
    /// One where everybody is active, with nothing published but the samples.
    pub fn start() -> Self {
        Self::with(&[])
    }

    pub fn with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let proctord = start(folder.path(), variables);
        Self::of(folder, proctord)
    }

    /// Another one on the same data, with these variables.
    pub fn again(self, variables: &[(&str, &str)]) -> Self {
        let Self {
            folder, proctord, ..
        } = self;
        assert!(proctord.stop().success());
        let proctord = start(folder.path(), variables);
        Self::of(folder, proctord)
    }

    pub fn of(folder: TempDir, proctord: Proctord) -> Self {
        Self {
            folder,
            proctord,
            client: reqwest::Client::new(),
            sources: Cell::new(1),
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.proctord.address())
    }

    pub fn request(&self, method: Method, path: &str, proof: Proof<'_>) -> RequestBuilder {
        prove(self.client.request(method, self.url(path)), proof)
    }

    /// As somebody who shows that they are it, reading JSON.
    pub async fn ask(&self, who: &str, method: Method, path: &str, body: &Value) -> Answer {
        let request = self.request(method, path, Proof::Token(who, who));
        send(request.header("Accept", "application/json").json(body)).await
    }

    pub async fn get(&self, who: &str, path: &str) -> Answer {
        let request = self.request(Method::GET, path, Proof::Token(who, who));
        send(request.header("Accept", "application/json")).await
    }

    /// A client that comes from an address of its own.
    pub fn client_elsewhere(&self) -> reqwest::Client {
        self.sources.set(self.sources.get() + 1);
        let source = IpAddr::V4(Ipv4Addr::new(127, 0, 0, self.sources.get()));
        let client = reqwest::Client::builder().local_address(source);
        client.build().unwrap()
    }

    /// Publishes a proc that runs this line in a shell.
    pub async fn publish(&self, name: &str, groups: &[&str], line: &str) {
        let document = json!([document(name, groups, line)]);
        let answer = self.ask("root", Method::POST, "/metadata", &document).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// Executes a proc in somebody's name; its id when it has succeeded.
    pub async fn execute(&self, who: &str, name: &str) -> u64 {
        let wanted = json!({"name": name});
        let answer = self.ask(who, Method::POST, "/execution", &wanted).await;
        assert_eq!(answer.status, 201, "{who}: {answer:?}");
        let id = answer.json()["id"].as_u64().unwrap();
        wait_for_async("the execution to succeed", async || {
            let execution = self.get("root", &format!("/execution/{id}")).await;
            match execution.json()["status"].as_str() {
                Some("SUCCEEDED") => Ok(()),
                _ => Err(execution),
            }
        })
        .await;
        id
    }

    /// Every row of the audit trail as `who action target result`, oldest first.
    pub async fn audit(&self) -> Vec<String> {
        let path = self.proctord.data_dir().join("proctor.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        let rows = "SELECT who || ' ' || action || ' ' || target || ' ' || result FROM audit ORDER BY rowid";
        let rows = sqlx::query_scalar(rows).fetch_all(&pool).await.unwrap();
        pool.close().await;
        rows
    }
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

fn start(folder: &Path, variables: &[(&str, &str)]) -> Proctord {
    let builder = authenticating(Proctord::at(&folder.join("data")), folder);
    let builder = variables
        .iter()
        .fold(builder, |builder, (name, value)| builder.env(name, value));
    builder.start()
}

/// One that authenticates by the users of a file in the folder, which is written.
pub fn authenticating(builder: ProctordBuilder, folder: &Path) -> ProctordBuilder {
    write_users(folder, &USERS, &[]);
    let (library, users) = (plugin("token-auth-plugin"), folder.join("users.toml"));
    builder
        .env("PROCTOR_AUTH_ENABLED", "true")
        .env("PROCTOR_AUTH_PLUGIN_BINARY", library.to_str().unwrap())
        .env("TOKEN_PLUGIN_FILE", users.to_str().unwrap())
}

/// Writes the file of users anew; whoever is not in it is nobody.
pub fn write_users(folder: &Path, users: &[(&str, &[&str])], inactive: &[&str]) {
    let mut text = String::new();
    for (name, groups) in users {
        let (active, hash) = (!inactive.contains(name), hash(&token(name)));
        text += &format!(
            "[[user]]\nemail = \"{}\"\nactive = {active}\ngroups = {groups:?}\n\
             tokens = [{{ id = \"{name}\", hash = \"{hash}\" }}]\n",
            email(name)
        );
    }
    // A plugin that looks while it is written must not see half of it.
    let draft = folder.join("users.draft");
    fs::write(&draft, text).unwrap();
    fs::rename(draft, folder.join("users.toml")).unwrap();
}

pub fn email(name: &str) -> String {
    format!("{name}@example.org")
}

pub fn token(name: &str) -> String {
    format!("proctor_{name}_secret")
}

/// The real cost would only make the tests slow.
fn hash(token: &str) -> String {
    let params = argon2::Params::new(8, 1, 1, None).unwrap();
    let argon2 = Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    argon2.hash_password(token.as_bytes()).unwrap().to_string()
}

pub fn document(name: &str, groups: &[&str], line: &str) -> Value {
    json!({"name": name, "command": ["/bin/sh", "-c", line], "authorized_groups": groups})
}

pub fn prove(request: RequestBuilder, proof: Proof<'_>) -> RequestBuilder {
    match proof {
        Proof::Nothing => request,
        Proof::Token(address, owner) => request
            .header("Email-Id", email(address))
            .header("Access-Token", token(owner)),
        Proof::Bearer(owner) => request.header("Authorization", format!("Bearer {}", token(owner))),
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let answer = request.send().await.expect("the service answers");
    Answer {
        status: answer.status().as_u16(),
        headers: answer.headers().clone(),
        body: answer.text().await.expect("the answer has a body"),
    }
}
