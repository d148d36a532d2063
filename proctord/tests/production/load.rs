//! Load: clients that execute a proc again and again while something happens to the servers, each until it was
//! accepted, with one idempotency key per execution; and what must be true of it all afterwards.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use proctor_testkit::{Proctord, wait_for, wait_for_async};
use serde_json::{Value, json};

use crate::site::{Site, get, wait_for_status};

const CLIENTS: usize = 4;

/// Clients at work.
pub struct Load {
    clients: Vec<JoinHandle<()>>,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    next: AtomicUsize,
    is_over: AtomicBool,
    accepted: Mutex<BTreeMap<usize, u64>>,
    refusals: Mutex<Vec<String>>,
}

impl Load {
    /// Begins to execute `numbered` again and again.
    pub fn start(proctord: &Proctord) -> Self {
        let seen = Arc::new(Seen::default());
        let client = |_| {
            let url = format!("http://{}/execution", proctord.address());
            let seen = Arc::clone(&seen);
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build();
                runtime
                    .unwrap()
                    .block_on(execute_again_and_again(url, seen));
            })
        };
        let clients = (0..CLIENTS).map(client).collect();
        Self { clients, seen }
    }

    /// Waits until so many have been accepted.
    pub async fn accepted(&self, count: usize) {
        wait_for_async(&format!("{count} executions to be accepted"), async || {
            let now = self.seen.accepted.lock().unwrap().len();
            if now >= count { Ok(()) } else { Err(now) }
        })
        .await;
    }

    /// Waits until somebody has been refused.
    pub async fn refused(&self) -> String {
        wait_for_async("an execution to be refused", async || {
            let first = self.seen.refusals.lock().unwrap().first().cloned();
            first.ok_or("all were accepted")
        })
        .await
    }

    /// Begins no more, waits until all have been accepted and have ended, and holds ledger, answers and tables against each other.
    pub async fn settle(mut self, proctord: &Proctord, site: &Site) {
        self.seen.is_over.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            client.join().unwrap();
        }
        let accepted = std::mem::take(&mut *self.seen.accepted.lock().unwrap());
        let total = self.seen.next.load(Ordering::Relaxed);
        assert_eq!(accepted.len(), total);
        for (number, id) in &accepted {
            wait_for_status(proctord, *id, "SUCCEEDED").await;
            let log = wait_for_async("its log to be readable", async || {
                let answer = get(proctord, &format!("/execution/{id}/logs?follow=true")).await;
                (answer.status == 200).then_some(()).ok_or(answer.status)?;
                Ok::<_, u16>(answer.body)
            })
            .await;
            assert_eq!(log, format!("line of {number}\n"));
        }
        let expected: BTreeMap<_, _> = (0..total).map(|n| (n.to_string(), 1)).collect();
        assert_eq!(site.ledger.counts(), expected, "each ran exactly once");
        for refusal in self.seen.refusals.lock().unwrap().iter() {
            assert_clear(refusal, site);
        }
        assert_whole(site, total);
    }
}

async fn execute_again_and_again(url: String, seen: Arc<Seen>) {
    let client = reqwest::Client::new();
    while !seen.is_over.load(Ordering::Relaxed) {
        let number = seen.next.fetch_add(1, Ordering::Relaxed);
        let body = json!({
            "name": "numbered",
            "args": {"NUMBER": number.to_string()},
            "callback_url": "http://callback.example/",
        });
        let id = wait_for_async("an execution to be accepted", async || {
            let request = client.post(&url).header("Accept", "application/json");
            let request = request.header("Idempotency-Key", format!("key-{number}"));
            // A proctord that is being killed does not answer at all.
            let response = request.json(&body).send().await.map_err(|_| ())?;
            let status = response.status().as_u16();
            let text = response.text().await.map_err(|_| ())?;
            if status == 201 {
                let execution: Value = serde_json::from_str(&text).unwrap();
                return Ok(execution["id"].as_u64().unwrap());
            }
            let mut refusals = seen.refusals.lock().unwrap();
            refusals.push(format!("{status} {text}"));
            Err(())
        })
        .await;
        seen.accepted.lock().unwrap().insert(number, id);
    }
}

/// A refusal says that it is the service's trouble and may pass, and nothing of what is behind it.
fn assert_clear(refusal: &str, site: &Site) {
    let (status, body) = refusal.split_once(' ').unwrap();
    let problem: Value = serde_json::from_str(body).unwrap_or_default();
    assert_eq!(status, "503", "{refusal}");
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.len() > 10),
        "{refusal}"
    );
    for hidden in [
        site.postgres.password(),
        &site.postgres.port().to_string(),
        "sql",
        "INSERT",
    ] {
        assert!(!body.contains(hidden), "{hidden}: {refusal}");
    }
}

/// Nothing is half-written: rows that belong together are there together.
fn assert_whole(site: &Site, total: usize) {
    let wrong = "
        WITH ended AS (SELECT * FROM proctor.execution WHERE proc_name = 'numbered')
        SELECT 'open', id FROM ended WHERE log_open OR slot OR sealed_secrets IS NOT NULL
        UNION ALL SELECT 'steps', id FROM ended WHERE status IS DISTINCT FROM
            (SELECT status FROM proctor.step WHERE execution_id = ended.id ORDER BY number DESC LIMIT 1)
        UNION ALL SELECT 'step numbers', id FROM ended WHERE
            (SELECT count(*) <> max(number) - min(number) + 1 FROM proctor.step WHERE execution_id = ended.id)
        UNION ALL SELECT 'key', id FROM ended WHERE key IS NULL OR key_digest IS NULL
        UNION ALL SELECT 'audit', id FROM ended WHERE 1 <>
            (SELECT count(*) FROM proctor.audit WHERE target = ended.id::text AND action = 'execution.create')
        UNION ALL SELECT 'delivery', id FROM ended WHERE 1 <>
            (SELECT count(*) FROM proctor.delivery WHERE execution_id = ended.id)
        UNION ALL SELECT 'log', ended.id FROM ended LEFT JOIN proctor.log ON execution_id = ended.id
            WHERE NOT coalesce(log.ended, FALSE) OR log.length IS DISTINCT FROM
            (SELECT sum(chunk.length) FROM proctor.chunk WHERE chunk.execution_id = ended.id)";
    // The log is closed after the end has been told.
    wait_for("rows that belong together to be there together", || {
        let found = site.psql(wrong);
        if found.is_empty() { Ok(()) } else { Err(found) }
    });
    let count = site.psql("SELECT count(*) FROM proctor.execution WHERE proc_name = 'numbered'");
    assert_eq!(count, total.to_string());
}
