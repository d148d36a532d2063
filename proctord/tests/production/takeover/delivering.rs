//! Struck while something is delivered: it comes, each time with the same id, and is settled once.

use proctor_testkit::wait_for_async;
use rustix::process::Signal;
use serde_json::{Value, json};

use super::Fate;
use super::receivers::Receivers;
use super::replica::Frail;
use super::scene::Scene;
use crate::site::{post, wait_until_ready};

const POINTS: [&str; 3] = [CLAIMED, SENT, "deliver.settled"];
const CLAIMED: &str = "deliver.claimed";
const SENT: &str = "deliver.sent";

/// What is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Callback,
    Mail,
}

impl Word {
    /// Has a replica run something that is told of, by which it is struck.
    async fn strike(self, frail: &Frail, receivers: &Receivers) {
        let case = &frail.name;
        if self == Self::Callback {
            let url = receivers.url(&format!("/{case}"));
            let body = json!({"name": "quick", "callback_url": url});
            return frail.struck_by("/execution", &body).await;
        }
        let body = json!({"jobName": "quick", "args": {"CASE": case}, "tags": "t", "group": "g",
            "at": "2126-01-01T00:00:00Z", "notificationEmails": format!("{case}@example.com")});
        let created = post(&frail.proctord, "/schedule", &body).await;
        assert_eq!(created.status, 201, "{case}: {created:?}");
        let created: Value = serde_json::from_str(&created.body).unwrap();
        let path = format!("/schedule/{}/run", created["id"]);
        frail.struck_by(&path, &Value::Null).await;
    }

    /// The ids under which it came.
    fn came(self, receivers: &Receivers, case: &str) -> Vec<String> {
        match self {
            Self::Callback => receivers.callbacks_to(&format!("/{case}")),
            Self::Mail => receivers.mails_to(&format!("{case}@example.com")),
        }
    }
}

/// One replica after the other is struck, then it goes on as its fate wills.
async fn struck_in_delivering(word: Word, fate: Fate) {
    let receivers = Receivers::start();
    let scene = Scene::with(receivers.variables()).await;
    for point in POINTS {
        let frail = scene.frail(point, fate);
        wait_until_ready(&frail.proctord).await;
        if fate == Fate::WakesInBetween {
            receivers.answer(usize::from(point != CLAIMED));
        }
        scene.standby.signal(Signal::STOP);
        word.strike(&frail, &receivers).await;
        scene.standby.signal(Signal::CONT);
        let id = scene.youngest("quick");

        if fate == Fate::WakesInBetween {
            wake_in_between(&frail, point, &receivers).await;
        }
        let ids = scene.delivered(id).await;
        if fate == Fate::WakesAfterTheEnd {
            let before = scene.deliveries_of(id);
            frail.wake().await;
            find_that_it_was_overtaken(&frail, point).await;
            assert_eq!(scene.deliveries_of(id), before, "{}", frail.name);
        }

        let mut came = word.came(&receivers, &frail.name);
        let is_enough = match (point, fate) {
            // It was not sent before, and is not sent again.
            (CLAIMED, Fate::Dies) => !came.is_empty(),
            (CLAIMED | SENT, _) => came.len() >= 2,
            _ => came.len() == 1,
        };
        assert!(is_enough, "{}: {came:?}", frail.name);
        came.dedup();
        assert_eq!(came, ids, "{}", frail.name);
        frail.part().await;
    }
}

/// It wakes while the other one waits for the answer to the same word.
async fn wake_in_between(frail: &Frail, point: &str, receivers: &Receivers) {
    let under_way = match point {
        CLAIMED => 1,
        SENT => 2,
        _ => return frail.wake().await,
    };
    let path = format!("/{}", frail.name);
    let have_come = async |count| {
        wait_for_async(&format!("{path} to be told {count} times"), async || {
            let came = receivers.callbacks_to(&path);
            match came.len() >= count {
                true => Ok(()),
                false => Err(came),
            }
        })
        .await;
    };
    have_come(under_way).await;
    frail.wake().await;
    // It sends what it has claimed, or settles what it has sent.
    if point == CLAIMED {
        have_come(2).await;
    } else {
        find_that_it_was_overtaken(frail, point).await;
    }
    receivers.answer(usize::MAX);
    find_that_it_was_overtaken(frail, point).await;
}

async fn find_that_it_was_overtaken(frail: &Frail, point: &str) {
    if ![CLAIMED, SENT].contains(&point) {
        return;
    }
    wait_for_async("it to find that it was overtaken", async || {
        let log = frail.proctord.log();
        match log.contains("taken over by somebody else") {
            true => Ok(()),
            false => Err(log),
        }
    })
    .await;
}

#[tokio::test]
async fn who_dies_in_calling_back_leaves_it_to_the_other() {
    struck_in_delivering(Word::Callback, Fate::Dies).await;
}

#[tokio::test]
async fn who_sleeps_in_calling_back_settles_nothing_after_the_end() {
    struck_in_delivering(Word::Callback, Fate::WakesAfterTheEnd).await;
}

#[tokio::test]
async fn who_wakes_from_calling_back_leaves_it_to_the_other() {
    struck_in_delivering(Word::Callback, Fate::WakesInBetween).await;
}

#[tokio::test]
async fn who_dies_in_mailing_leaves_it_to_the_other() {
    struck_in_delivering(Word::Mail, Fate::Dies).await;
}

#[tokio::test]
async fn who_sleeps_in_mailing_settles_nothing_after_the_end() {
    struck_in_delivering(Word::Mail, Fate::WakesAfterTheEnd).await;
}
