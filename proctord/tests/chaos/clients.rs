//! What people do with one execution: have it executed, look at it, stop it, follow its log; through any replica,
//! trying again as the command line does. What they are told is noted, nothing is judged.

mod ask;
mod follow;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proctor_api::{Execution, Status};
use proctor_testkit::Random;
use reqwest::Method;
use serde_json::json;

use crate::history::Told;
use crate::plan::Wish;
use crate::scene::Replica;
use ask::{Answer, Asker};

/// Between two looks at an execution.
const LOOK: Duration = Duration::from_millis(300);

/// The clients of one wish.
#[derive(Clone)]
pub struct Clients {
    wish: Wish,
    asker: Asker,
    told: Arc<Mutex<Told>>,
}

impl Clients {
    pub fn new(wish: Wish, replicas: &[Arc<Replica>], seed: u64, told: Arc<Mutex<Told>>) -> Self {
        let number = u64::try_from(wish.number).unwrap_or_default();
        // The numbers below are those of the plan.
        let random = Random::of(seed, 1_000_000 + number);
        let asker = Asker::new(replicas, wish.replica, random);
        Self { wish, asker, told }
    }

    /// Returns when the execution is over and its log has been followed to its end.
    pub async fn act(self, began: Instant) {
        let moment = began + self.wish.at;
        tokio::time::sleep_until(moment.into()).await;
        let mut second = self.another(1);
        let mut first = self.another(0);
        let (id, ()) = tokio::join!(first.execute(), async {
            if second.wish.is_repeated {
                second.execute().await;
            }
        });
        let mut clients = [2, 3, 4].map(|number| self.another(number));
        let [looker, stopper, follower] = &mut clients;
        tokio::join!(looker.look(id), stopper.stop(id), follower.follow(id));
    }

    /// The same with other chances.
    fn another(&self, number: u64) -> Self {
        let mut other = self.clone();
        other.asker.reseed(number);
        other
    }

    /// Has it executed; returns its id.
    async fn execute(&mut self) -> u64 {
        let wish = self.wish.clone();
        let body = json!({"name": wish.proc.name(), "args": {
            "NUMBER": wish.number.to_string(),
            "LINES": wish.lines.to_string(),
            "PAUSE": wish.pause.as_secs_f64().to_string(),
            "CODE": wish.code.to_string(),
        }});
        loop {
            let asked = |request: reqwest::RequestBuilder| {
                request.header("Idempotency-Key", wish.key()).json(&body)
            };
            let answer = self.asker.ask(Method::POST, "/execution", asked).await;
            match answer {
                Answer::Of(201, text) => {
                    let execution: Execution = serde_json::from_str(&text).unwrap();
                    let id = execution.id;
                    self.note(|told| told.accepted(id));
                    return id;
                }
                Answer::Nothing | Answer::Of(503, _) => {}
                Answer::Of(status, text) => {
                    self.note(|told| told.strange.push(format!("execute: {status} {text}")));
                }
            }
            self.asker.wait().await;
        }
    }

    /// Looks at its status until it is over.
    async fn look(&mut self, id: u64) {
        loop {
            let path = format!("/execution/{id}");
            match self.asker.ask(Method::GET, &path, |request| request).await {
                Answer::Of(200, text) => {
                    let execution: Execution = serde_json::from_str(&text).unwrap();
                    self.note(|told| told.saw(execution.status));
                    if execution.is_over() {
                        return;
                    }
                }
                Answer::Nothing | Answer::Of(503, _) => {}
                Answer::Of(status, text) => {
                    self.note(|told| told.strange.push(format!("look: {status} {text}")));
                }
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Stops it if that is wished, once it has gone on for a while.
    async fn stop(&mut self, id: u64) {
        let Some((after, grace)) = self.wish.stop else {
            return;
        };
        tokio::time::sleep(after).await;
        let body = json!({"grace_seconds": grace});
        loop {
            let path = format!("/execution/{id}/stop");
            let asked = |request: reqwest::RequestBuilder| request.json(&body);
            match self.asker.ask(Method::POST, &path, asked).await {
                Answer::Of(200, text) => {
                    let execution: Execution = serde_json::from_str(&text).unwrap();
                    let is_taken = execution.stop_requested.is_some();
                    self.note(|told| told.stop = Some((execution.status, is_taken)));
                    return;
                }
                Answer::Nothing | Answer::Of(503, _) => {}
                Answer::Of(status, text) => {
                    self.note(|told| told.strange.push(format!("stop: {status} {text}")));
                }
            }
            self.asker.wait().await;
        }
    }

    async fn follow(&mut self, id: u64) {
        if self.wish.is_followed {
            let told = Arc::clone(&self.told);
            follow::to_the_end(&mut self.asker, id, |line| {
                told.lock().unwrap().copy_mut().take(line);
            })
            .await;
        }
    }

    fn note(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.told.lock().unwrap());
    }
}

impl Told {
    fn accepted(&mut self, id: u64) {
        self.ids.push(id);
    }

    fn saw(&mut self, status: Status) {
        if self.statuses.last() != Some(&status) {
            self.statuses.push(status);
        }
    }
}
