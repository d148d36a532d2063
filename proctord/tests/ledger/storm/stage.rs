//! Postgres, Redis, a double of a cluster whose Jobs are small processes, a mail and a web server, and what is created on them.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use jiff::{SignedDuration, Timestamp};
use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{
    Ledger, MailServer, MailServerOptions, Proctord, ProctordBuilder, WebAnswer, WebRequest,
    WebServer, plugin, postgres, redis, wait_within,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::plan::{Form, REPLICAS, Wish};
use super::replica::Replica;

/// How many schedules are created at a time.
const CREATORS: usize = 8;
/// On a busy machine everything that has fired takes its time.
const PATIENCE: Duration = Duration::from_secs(180);
const NAMESPACE: &str = "procs";
/// The second one waits in a queue.
const PROCS: [&str; 2] = ["plain", "limited"];
const MOST_AT_ONCE: usize = 4;
const SECRET: &str = "a secret that is long enough to be one";

pub struct Stage {
    pub postgres: postgres::Server,
    redis: redis::Server,
    double: Kubernetes,
    mails: MailServer,
    web: WebServer,
    pub ledger: Ledger,
    folder: TempDir,
}

/// A schedule that was created.
pub struct Wanted {
    pub id: i64,
    pub wish: Wish,
    /// When it is due, or is due no more.
    pub at: Timestamp,
}

impl Stage {
    /// Everything is up, and the procs are published.
    pub async fn open() -> (Self, Vec<Replica>) {
        let folder = tempfile::tempdir().unwrap();
        let stage = Self {
            postgres: postgres::Server::start(),
            redis: redis::Server::start(),
            double: Kubernetes::builder()
                .end_delay(Duration::from_millis(100))
                .start(),
            mails: MailServer::start(MailServerOptions::default()),
            web: WebServer::start(|_| WebAnswer::json("{}")),
            ledger: Ledger::new(folder.path()),
            folder,
        };
        let migrated = stage.builder(0).run(&["migrate"]);
        assert_eq!(migrated.code, Some(0), "{migrated:?}");
        let replicas: Vec<_> = (0..REPLICAS)
            .map(|number| Replica::start(stage.builder(number)))
            .collect();
        stage.publish(replicas[0].proctord()).await;
        (stage, replicas)
    }

    fn builder(&self, number: usize) -> ProctordBuilder {
        let name = format!("replica-{number}");
        let kubeconfig = self.double.kubeconfig_of(&name, NAMESPACE);
        let library = plugin("webhook-notification-plugin").display().to_string();
        Proctord::production_at(&self.folder.path().join(name))
            .env("PROCTOR_DATABASE_URL", &self.postgres.url())
            .env("PROCTOR_POSTGRES_MAX_CONNECTIONS", "10")
            .env("PROCTOR_POSTGRES_PATIENCE", "2s")
            .env("PROCTOR_REDIS_ADDRESS", &self.redis.address())
            .env("PROCTOR_REDIS_PASSWORD", self.redis.password().unwrap())
            .env("PROCTOR_REDIS_PATIENCE", "2s")
            .env("PROCTOR_RUNNER", "kubernetes")
            .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
            .env("PROCTOR_KUBE_JOB_KEEP", "1s")
            .env("PROCTOR_LEASE_LIFETIME", "2s")
            .env("PROCTOR_MAIL_SERVER_HOST", "127.0.0.1")
            .env("PROCTOR_MAIL_SERVER_PORT", &self.mails.port().to_string())
            .env("PROCTOR_MAIL_FROM", "proctor@example.com")
            .env("PROCTOR_MAIL_TLS", "none")
            .env("PROCTOR_NOTIFICATION_PLUGIN_BINARY", &library)
            .env("WEBHOOK_PLUGIN_URL", &self.web.url("/events"))
            .env("WEBHOOK_PLUGIN_ALLOW_HTTP", "true")
            .env("WEBHOOK_PLUGIN_SECRET", SECRET)
    }

    async fn publish(&self, proctord: &Proctord) {
        let line = format!("echo $EXECUTION_ID >> {}", self.ledger.path().display());
        let plain = json!({
            "name": PROCS[0],
            "image_name": "busybox:1.36",
            "command": ["/bin/sh", "-c", line],
            "env_vars": {"args": [{"name": "NUMBER"}]},
        });
        let mut limited = plain.clone();
        limited["name"] = json!(PROCS[1]);
        limited["max_concurrent"] = json!(MOST_AT_ONCE);
        let document = json!([plain, limited]);
        let what = "the procs to be published";
        wait_within(PATIENCE, what, async || {
            let (status, answer) = post(proctord, "/metadata", &document).await?;
            if status == 201 { Ok(()) } else { Err(answer) }
        })
        .await;
    }

    /// Has a replica create what is wished for.
    pub async fn create(&self, replica: &Replica, form: Form, wishes: Vec<Wish>) -> Vec<Wanted> {
        let begin = Timestamp::now().as_microsecond();
        let begin = Timestamp::from_microsecond(begin).unwrap();
        let after = |time| begin + SignedDuration::try_from(time).unwrap();
        let minute = |at: Timestamp| at.as_second().div_euclid(60);
        let has_a_minute = minute(after(form.ahead())) < minute(after(form.lasting()));
        let wishes = wishes.into_iter().enumerate();
        let wishes = wishes.filter(|(_, wish)| has_a_minute || matches!(wish, Wish::Once(_)));
        let wanted = stream::iter(wishes).map(|(number, wish)| async move {
            let (Wish::Once(time) | Wish::EachMinute(time)) = wish;
            let at = after(time);
            let body = wanted_of(number, wish, at);
            let created = post(replica.proctord(), "/schedule", &body).await;
            let (status, answer) = created.unwrap();
            assert_eq!(status, 201, "{body}: {answer}");
            let answer: Value = serde_json::from_str(&answer).unwrap();
            let id = answer["id"].as_i64().unwrap();
            Wanted { id, wish, at }
        });
        wanted.buffer_unordered(CREATORS).collect().await
    }

    /// The ids under which mails and notifications came, each as often as it did.
    pub fn arrivals(&self) -> Vec<String> {
        let mails = self.mails.mails().into_iter().map(|mail| {
            let id = mail["headers"]["message-id"].as_str().unwrap();
            let (id, _) = id.trim_start_matches('<').split_once('@').unwrap();
            id.to_owned()
        });
        // Who is killed may leave half a request behind.
        let is_whole = |request: &WebRequest| {
            let length = request.header("content-length");
            length == Some(&request.body.len().to_string())
        };
        let asked = self.web.asked().into_iter().filter(is_whole);
        let events = asked.map(|request| {
            let event: Value = serde_json::from_slice(&request.body).unwrap();
            event["id"].as_str().unwrap().to_owned()
        });
        mails.chain(events).collect()
    }

    /// Waits until nothing is due any more, nothing runs, and nothing is on its way out.
    pub async fn calm(&self) {
        for (what, left) in [
            (
                "every moment to be covered",
                "SELECT count(*) FROM proctor.schedule WHERE next_at IS NOT NULL",
            ),
            (
                "everything to have ended",
                "SELECT count(*) FROM proctor.execution
                  WHERE log_open OR status IN ('RECEIVED', 'QUEUED', 'CREATED', 'RUNNING')",
            ),
            (
                "everybody to be told",
                "SELECT count(*) FROM proctor.delivery WHERE state = 'pending'",
            ),
        ] {
            wait_within(PATIENCE, what, async || {
                let count = self.postgres.psql(left);
                if count == "0" { Ok(()) } else { Err(count) }
            })
            .await;
        }
    }
}

fn wanted_of(number: usize, wish: Wish, at: Timestamp) -> Value {
    let mut body = json!({"jobName": PROCS[number / 2 % PROCS.len()], "args": {"NUMBER": number.to_string()},
        "tags": "t", "group": "g", "misfire_after": 3600,
        "notificationEmails": format!("number-{number}@example.com")});
    match wish {
        Wish::Once(_) => body["at"] = json!(at),
        Wish::EachMinute(_) => {
            body["cron"] = json!("* * * * *");
            body["not_after"] = json!(at);
        }
    }
    body
}

async fn post(proctord: &Proctord, path: &str, body: &Value) -> Result<(u16, String), String> {
    let url = format!("http://{}{path}", proctord.address());
    let request = reqwest::Client::new().post(url).json(body);
    let request = request.header("Accept", "application/json");
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let status = answer.status().as_u16();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    Ok((status, text))
}
