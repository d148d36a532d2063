//! A replica that is to be struck at a point: what became of its process, and its way back.

use std::fs;

use proctor_testkit::{Proctord, wait_for_async};
use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::Fate;
use crate::site::{execute, get, request, wait_for_status, wait_until_ready};

/// A replica that dies or falls asleep at a point.
pub struct Frail {
    pub proctord: Proctord,
    /// By which the cluster knows it.
    pub name: String,
    pub fate: Fate,
}

impl Frail {
    /// Asks it for something that may strike it, and waits until it is struck.
    pub async fn struck_by(&self, path: &str, body: &Value) {
        self.ask(path, body).await;
        self.struck().await;
    }

    /// Asks it for something; no answer comes if it is struck meanwhile.
    pub async fn ask(&self, path: &str, body: &Value) {
        let asked = request(&self.proctord, Method::POST, path).json(body);
        tokio::select! {
            // Who dies in the middle answers with an error.
            _ = asked.send() => {}
            () = self.struck() => {}
        }
    }

    /// Resolves when it is dead or asleep.
    pub async fn struck(&self) {
        let what = format!("{} to be struck", self.name);
        wait_for_async(&what, async || {
            if self.is_struck() {
                Ok(())
            } else {
                Err("it is awake")
            }
        })
        .await;
    }

    /// Whether it is dead or asleep.
    pub fn is_struck(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.proctord.pid())).unwrap();
        // The state stands behind the name, which may have anything in it.
        let (_, after_name) = stat.rsplit_once(") ").unwrap();
        after_name.starts_with(['T', 'Z'])
    }

    /// Wakes it, and waits until it has carried out an execution of its own: by then it knows that it slept.
    pub async fn wake(&self) {
        self.proctord.signal(Signal::CONT);
        wait_until_ready(&self.proctord).await;
        let id = execute(&self.proctord, &json!({"name": "quick"})).await;
        wait_for_status(&self.proctord, id, "SUCCEEDED").await;
    }

    /// It serves, or it is dead and gone; then it is let go of.
    pub async fn part(self) {
        if self.fate == Fate::Dies {
            return self.proctord.kill();
        }
        let ready = get(&self.proctord, "/readyz").await;
        assert_eq!(ready.status, 200, "{}: {ready:?}", self.name);
        assert!(self.proctord.stop().success(), "{}", self.name);
    }
}
