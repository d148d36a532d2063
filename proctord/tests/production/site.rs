//! A site of each test's own: a Postgres, a Redis, a folder, and clients that speak to the proctord on it.

use std::path::{Path, PathBuf};

use proctor_testkit::{Ledger, Proctord, ProctordBuilder, postgres, redis, wait_for_async};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// Two servers and a folder, without a proctord yet.
pub struct Site {
    pub postgres: postgres::Server,
    pub redis: redis::Server,
    pub folder: tempfile::TempDir,
    pub ledger: Ledger,
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub retry_after: Option<String>,
    pub body: String,
}

impl Site {
    pub fn new() -> Self {
        Self::with(postgres::Server::start())
    }

    pub fn with(postgres: postgres::Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            postgres,
            redis: redis::Server::start(),
            ledger: Ledger::new(folder.path()),
            folder,
        }
    }

    /// A proctord that is yet to be started.
    pub fn proctord(&self) -> ProctordBuilder {
        self.proctord_at(&self.data_dir())
    }

    /// Another replica, with a data folder of this name.
    pub fn proctord_beside(&self, folder: &str) -> ProctordBuilder {
        self.proctord_at(&self.folder.path().join(folder))
    }

    /// One with another data folder.
    pub fn proctord_at(&self, folder: &Path) -> ProctordBuilder {
        Proctord::production_at(folder)
            .env("PROCTOR_DATABASE_URL", &self.postgres.url())
            .env("PROCTOR_REDIS_ADDRESS", &self.redis.address())
            .env("PROCTOR_REDIS_PASSWORD", self.redis.password().unwrap())
            .env("PROCTOR_CALLBACK_ALLOW", "callback.example")
            // What hangs is to be given up within the time of a test.
            .env("PROCTOR_POSTGRES_PATIENCE", "2s")
            .env("PROCTOR_REDIS_PATIENCE", "2s")
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A proctord that is ready, its schema up to date.
    pub async fn ready(&self) -> Proctord {
        self.migrate();
        let proctord = self.proctord().start();
        wait_until_ready(&proctord).await;
        proctord
    }

    pub fn migrate(&self) {
        let ran = self.proctord().run(&["migrate"]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }

    /// Publishes a proc that writes its number into the ledger, says a line and ends with success.
    pub async fn publish_numbered(&self, proctord: &Proctord) {
        let line = format!(
            "echo \"$NUMBER\" >> {}; echo \"line of $NUMBER\"",
            self.ledger.path().display()
        );
        publish(proctord, "numbered", &line, json!({})).await;
    }

    /// Runs statements in the database, past proctord.
    pub fn psql(&self, statements: &str) -> String {
        self.postgres.psql(statements)
    }
}

/// A request as a client that reads JSON makes it.
pub fn request(proctord: &Proctord, method: Method, path: &str) -> RequestBuilder {
    reqwest::Client::new()
        .request(method, format!("http://{}{path}", proctord.address()))
        .header("Accept", "application/json")
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("proctord answers");
    let retry_after = response.headers().get("retry-after");
    let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
    Answer {
        status: response.status().as_u16(),
        retry_after,
        body: response.text().await.expect("the answer has a body"),
    }
}

pub async fn get(proctord: &Proctord, path: &str) -> Answer {
    send(request(proctord, Method::GET, path)).await
}

pub async fn post(proctord: &Proctord, path: &str, body: &Value) -> Answer {
    send(request(proctord, Method::POST, path).json(body)).await
}

/// Publishes a proc without files that runs this line in a shell.
pub async fn publish(proctord: &Proctord, name: &str, line: &str, fields: Value) {
    let mut document = fields;
    document["name"] = json!(name);
    document["command"] = json!(["/bin/sh", "-c", line]);
    let answer = post(proctord, "/metadata", &json!([document])).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

/// Executes a proc and returns the id.
pub async fn execute(proctord: &Proctord, body: &Value) -> u64 {
    let answer = post(proctord, "/execution", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let execution: Value = serde_json::from_str(&answer.body).unwrap();
    execution["id"].as_u64().unwrap()
}

pub async fn wait_until_ready(proctord: &Proctord) {
    wait_for_async("proctord to be ready", async || {
        let answer = get(proctord, "/readyz").await;
        if answer.status == 200 {
            Ok(())
        } else {
            Err(answer)
        }
    })
    .await;
}

/// Waits until the probe tells of this, whether the service is ready or not.
pub async fn wait_for_probe(proctord: &Proctord, text: &str) -> Answer {
    wait_for_async(&format!("the probe to tell of `{text}`"), async || {
        let answer = get(proctord, "/readyz").await;
        if answer.body.contains(text) {
            Ok(answer)
        } else {
            Err(answer)
        }
    })
    .await
}

/// Waits until the probe says this.
pub async fn wait_until_not_ready(proctord: &Proctord, text: &str) -> Answer {
    wait_for_async(&format!("proctord to say `{text}`"), async || {
        let answer = get(proctord, "/readyz").await;
        if answer.status == 503 && answer.body.contains(text) {
            Ok(answer)
        } else {
            Err(answer)
        }
    })
    .await
}

/// Waits for an execution to have this status, whatever the service says meanwhile.
pub async fn wait_for_status(proctord: &Proctord, id: u64, status: &str) -> Value {
    wait_for_async(&format!("execution {id} to be {status}"), async || {
        let answer = get(proctord, &format!("/execution/{id}")).await;
        let execution = serde_json::from_str::<Value>(&answer.body).unwrap_or_default();
        if execution["status"] == status {
            Ok(execution)
        } else {
            Err(answer)
        }
    })
    .await
}
