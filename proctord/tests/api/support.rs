//! A service of each test's own, and a client that speaks to it.

use proctor_testkit::{Proctord, wait_for_async};
use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

/// A service with an empty data folder.
pub struct Service {
    pub proctord: Proctord,
    pub folder: tempfile::TempDir,
    client: reqwest::Client,
}

/// An answer, taken apart.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: String,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// A header's text, empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Service {
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// One with these variables.
    pub fn with(variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let builder = Proctord::at(&folder.path().join("data"));
        let builder = variables
            .iter()
            .fold(builder, |builder, (name, value)| builder.env(name, value));
        let proctord = builder.start();
        Self {
            proctord,
            folder,
            client: reqwest::Client::new(),
        }
    }

    /// A request as a client that reads JSON makes it.
    pub fn json(&self, method: Method, path: &str) -> RequestBuilder {
        self.plain(method, path)
            .header("Accept", "application/json")
    }

    /// A request as a client of the Go system makes it.
    pub fn plain(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("http://{}{path}", self.proctord.address()))
    }

    pub async fn get(&self, path: &str) -> Answer {
        send(self.json(Method::GET, path)).await
    }

    /// Runs this in one of the service's databases, past the service.
    pub async fn sql(&self, file: &str, statement: &'static str) {
        let path = self.proctord.data_dir().join(file);
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query(statement).execute(&pool).await.unwrap();
        pool.close().await;
    }

    /// What the audit trail says was done, as `who action target`, oldest first.
    pub async fn audit(&self) -> Vec<String> {
        let path = self.proctord.data_dir().join("proctor.db");
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let pool = sqlx::SqlitePool::connect_with(options).await.unwrap();
        sqlx::query_scalar(
            "SELECT who || ' ' || action || ' ' || target FROM audit WHERE result = 'done' ORDER BY rowid",
        )
            .fetch_all(&pool)
            .await
            .unwrap()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.json(Method::POST, path).json(body)).await
    }

    /// Publishes a proc without files that runs this line in a shell.
    pub async fn publish(&self, name: &str, line: &str, fields: Value) {
        let mut document = fields;
        document["name"] = json!(name);
        document["command"] = json!(["/bin/sh", "-c", line]);
        let answer = self.post("/metadata", &json!([document])).await;
        assert_eq!(answer.status, 201, "{answer:?}");
    }

    /// Executes a proc and returns the answer's body.
    pub async fn execute(&self, name: &str) -> Value {
        let answer = self.post("/execution", &json!({"name": name})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()
    }

    /// Waits until an execution has this status.
    pub async fn wait_for(&self, id: &Value, status: &str) -> Value {
        wait_for_async(&format!("execution {id} to be {status}"), async || {
            let execution = self.get(&format!("/execution/{id}")).await.json();
            if execution["status"] == status {
                Ok(execution)
            } else {
                Err(execution)
            }
        })
        .await
    }
}

pub async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the service answers");
    let status = response.status();
    let content_type = response
        .headers()
        .get("content-type")
        .map(|value| value.to_str().unwrap().to_owned());
    let headers = response.headers().clone();
    let body = response.text().await.expect("the answer has a body");
    Answer {
        status,
        content_type: content_type.unwrap_or_default(),
        headers,
        body,
    }
}
