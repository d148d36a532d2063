//! Answers of the plugin that are good for a while. The same question is asked once, however many wait for its answer;
//! what is kept is bounded in number and time, and counts from when it was asked. Only what opens a door is kept: a no
//! is asked for again each time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared, WeakShared};
use tokio::time::Instant;

use super::keys::Key;
use crate::plugins::PluginError;

/// The most answers that are kept; the oldest goes first.
const LIMIT: usize = 4096;

type Answer<V> = Result<V, Arc<PluginError>>;
type Asking<V> = BoxFuture<'static, Answer<V>>;

pub(super) struct Answers<V> {
    lifetime: Duration,
    opens: fn(&V) -> bool,
    known: Mutex<Known<V>>,
}

struct Known<V> {
    kept: HashMap<Key, Kept<V>>,
    /// The keys of what is kept, oldest first: all have the same lifetime.
    order: VecDeque<Key>,
    /// What is being asked, and since when.
    under_way: HashMap<Key, (Instant, WeakShared<Asking<V>>)>,
}

struct Kept<V> {
    answer: V,
    until: Instant,
}

/// One who waits for an answer; the last one to leave takes the question along.
struct Waiter<'a, V: Clone> {
    answers: &'a Answers<V>,
    key: Key,
    begun: Instant,
    asking: Option<Shared<Asking<V>>>,
}

impl<V: Clone> Answers<V> {
    pub(super) fn new(lifetime: Duration, opens: fn(&V) -> bool) -> Self {
        Self {
            lifetime,
            opens,
            known: Mutex::new(Known {
                kept: HashMap::new(),
                order: VecDeque::new(),
                under_way: HashMap::new(),
            }),
        }
    }

    /// The answer that is kept, or the one that is being waited for, or that to asking now.
    pub(super) async fn get(&self, key: Key, ask: impl FnOnce() -> Asking<V>) -> Answer<V> {
        self.get_at(Instant::now(), key, ask).await
    }

    async fn get_at(&self, now: Instant, key: Key, ask: impl FnOnce() -> Asking<V>) -> Answer<V> {
        let mut waiter = match self.kept_or_wait(now, key, ask) {
            Ok(kept) => return Ok(kept),
            Err(waiter) => waiter,
        };
        let answer = waiter.answer().await?;
        if (self.opens)(&answer) && !self.lifetime.is_zero() {
            self.lock().keep(key, &answer, waiter.begun + self.lifetime);
        }
        Ok(answer)
    }

    fn kept_or_wait(
        &self,
        now: Instant,
        key: Key,
        ask: impl FnOnce() -> Asking<V>,
    ) -> Result<V, Waiter<'_, V>> {
        let mut known = self.lock();
        known.forget(now);
        // What was asked early and answered late may stand behind what is younger.
        if let Some(kept) = known.kept.get(&key).filter(|kept| kept.until > now) {
            return Ok(kept.answer.clone());
        }
        let under_way = known.under_way.get(&key);
        let joined = under_way.and_then(|(begun, asking)| Some((*begun, asking.upgrade()?)));
        // One that has ended was asked before this question came up.
        let joined = joined.filter(|(_, asking)| asking.peek().is_none());
        let (begun, asking) = joined.unwrap_or_else(|| {
            let asking = ask().shared();
            if let Some(weak) = asking.downgrade() {
                known.under_way.insert(key, (now, weak));
            }
            (now, asking)
        });
        Err(Waiter {
            answers: self,
            key,
            begun,
            asking: Some(asking),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Known<V>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<V: Clone> Known<V> {
    fn keep(&mut self, key: Key, answer: &V, until: Instant) {
        if let Some(kept) = self.kept.get_mut(&key) {
            if kept.until < until {
                kept.until = until;
                kept.answer = answer.clone();
            }
            return;
        }
        if self.order.len() >= LIMIT
            && let Some(oldest) = self.order.pop_front()
        {
            self.kept.remove(&oldest);
        }
        let answer = answer.clone();
        self.kept.insert(key, Kept { answer, until });
        self.order.push_back(key);
    }

    fn forget(&mut self, now: Instant) {
        let is_over = |kept: &Kept<V>| kept.until <= now;
        while let Some(oldest) = self.order.front()
            && self.kept.get(oldest).is_none_or(is_over)
        {
            self.kept.remove(oldest);
            self.order.pop_front();
        }
    }
}

impl<V: Clone> Waiter<'_, V> {
    async fn answer(&mut self) -> Answer<V> {
        match &mut self.asking {
            Some(asking) => asking.await,
            // It is taken away in `drop` alone.
            None => std::future::pending().await,
        }
    }
}

impl<V: Clone> Drop for Waiter<'_, V> {
    fn drop(&mut self) {
        self.asking = None;
        let mut known = self.answers.lock();
        let is_left = |(_, asking): &(Instant, WeakShared<Asking<V>>)| asking.upgrade().is_none();
        if known.under_way.get(&self.key).is_some_and(is_left) {
            known.under_way.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests;
