use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::FutureExt;
use futures::future::join_all;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{Answer, Answers, LIMIT};
use crate::plugins::PluginError;

const LIFETIME: Duration = Duration::from_secs(30);

/// A plugin that counts how often it is asked.
#[derive(Clone, Default)]
struct Asked(Arc<AtomicUsize>);

impl Asked {
    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    async fn get(&self, answers: &Answers<bool>, key: u8, answer: Answer<bool>) -> Answer<bool> {
        self.get_at(Instant::now(), answers, key, answer).await
    }

    async fn get_at(
        &self,
        now: Instant,
        answers: &Answers<bool>,
        key: u8,
        answer: Answer<bool>,
    ) -> Answer<bool> {
        let asked = self.clone();
        let ask = || {
            async move {
                asked.0.fetch_add(1, Ordering::SeqCst);
                answer
            }
            .boxed()
        };
        answers.get_at(now, [key; 32], ask).await
    }
}

fn answers(lifetime: Duration) -> Answers<bool> {
    Answers::new(lifetime, |yes| *yes)
}

fn away() -> Arc<PluginError> {
    Arc::new(PluginError::Away {
        plugin: "Auth".to_owned(),
    })
}

#[tokio::test]
async fn a_yes_is_kept_for_its_lifetime_and_for_its_question() {
    let (answers, asked) = (answers(LIFETIME), Asked::default());

    for _ in 0..3 {
        assert!(asked.get(&answers, 1, Ok(true)).await.unwrap());
    }
    assert_eq!(asked.times(), 1);
    assert!(!asked.get(&answers, 2, Ok(false)).await.unwrap());
    assert_eq!(asked.times(), 2);

    let later = Instant::now() + LIFETIME;
    let again = asked.get_at(later, &answers, 1, Ok(false)).await;
    assert!(!again.unwrap());
    assert_eq!(asked.times(), 3);
}

#[tokio::test]
async fn a_no_and_a_failure_are_not_kept() {
    let (answers, asked) = (answers(LIFETIME), Asked::default());

    assert!(asked.get(&answers, 1, Err(away())).await.is_err());
    assert!(!asked.get(&answers, 1, Ok(false)).await.unwrap());
    assert!(asked.get(&answers, 1, Ok(true)).await.unwrap());

    assert_eq!(asked.times(), 3);
    assert!(answers.lock().under_way.is_empty());
}

#[tokio::test]
async fn without_a_lifetime_nothing_is_kept() {
    let (answers, asked) = (answers(Duration::ZERO), Asked::default());

    for _ in 0..3 {
        assert!(asked.get(&answers, 1, Ok(true)).await.unwrap());
    }

    assert_eq!(asked.times(), 3);
}

#[tokio::test]
async fn many_who_ask_the_same_at_once_have_it_asked_once() {
    let (answers, asked) = (answers(LIFETIME), Asked::default());
    let gate = Arc::new(Notify::new());
    let waiting = (0..100).map(|_| {
        let (asked, gate) = (asked.clone(), Arc::clone(&gate));
        let ask = || {
            async move {
                asked.0.fetch_add(1, Ordering::SeqCst);
                gate.notified().await;
                Ok(true)
            }
            .boxed()
        };
        answers.get([1; 32], ask)
    });

    let (all, ()) = tokio::join!(join_all(waiting), async {
        // All of them have been polled by now: they stand before this in the join.
        gate.notify_one();
    });

    assert!(all.into_iter().all(|answer| answer.unwrap()));
    assert_eq!(asked.times(), 1);
    assert!(answers.lock().under_way.is_empty());
}

#[tokio::test]
async fn a_question_goes_with_the_last_who_waits_for_it() {
    let answers = answers(LIFETIME);
    let never = || std::future::pending().boxed();

    assert!(answers.get([1; 32], never).now_or_never().is_none());

    assert!(answers.lock().under_way.is_empty());
}

#[tokio::test]
async fn no_more_than_so_many_are_kept() {
    let answers = answers(LIFETIME);
    for number in 0..=LIMIT {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&(number as u64).to_be_bytes());
        let yes = || async { Ok(true) }.boxed();
        assert!(answers.get(key, yes).await.unwrap());
    }

    let known = answers.lock();
    assert_eq!((known.kept.len(), known.order.len()), (LIMIT, LIMIT));
    assert!(!known.kept.contains_key(&[0; 32]));
}
