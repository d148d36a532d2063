//! What is known of the keys, and what follows from it: when to fetch, and what to answer with. It fetches nothing and
//! waits for nothing.

use std::sync::Arc;
use std::time::Instant;

use proctor_plugin::Failure;

use super::Timing;
use crate::keys::Keys;

#[derive(Default)]
pub(super) struct State {
    /// The last that were fetched, and when.
    keys: Option<(Arc<Keys>, Instant)>,
    /// How often it was tried, to the end of it.
    attempts: u64,
    /// When the last attempt began.
    began: Option<Instant>,
    is_fetching: bool,
    /// Why the last attempt failed, if it did.
    failure: Option<Failure>,
    is_wanted: bool,
    is_over: bool,
}

impl State {
    /// The keys, as long as they are good.
    pub(super) fn good(&self, timing: &Timing) -> Option<Arc<Keys>> {
        let (keys, fetched) = self.keys.as_ref()?;
        (fetched.elapsed() < timing.keep).then(|| Arc::clone(keys))
    }

    /// The keys, if they are good and the one that is looked for is among them.
    pub(super) fn known(
        &self,
        timing: &Timing,
        has_it: impl Fn(&Keys) -> bool,
    ) -> Option<Arc<Keys>> {
        self.good(timing).filter(|keys| has_it(keys))
    }

    /// What there is to answer with, when there is no more to wait for.
    pub(super) fn best(
        &self,
        timing: &Timing,
        has_it: impl Fn(&Keys) -> bool,
    ) -> Result<Arc<Keys>, Failure> {
        let why = |failure: &Failure| {
            Failure::new(format!("the provider's keys cannot be fetched: {failure}"))
        };
        match (self.good(timing), &self.failure) {
            (Some(keys), _) if has_it(&keys) => Ok(keys),
            (_, Some(failure)) => Err(why(failure)),
            (Some(keys), None) => Ok(keys),
            (None, None) => Err(why(&Failure::new("the first attempt is not over"))),
        }
    }

    /// Somebody looks for a key that is not there. An attempt that is under way will do.
    pub(super) fn want(&mut self) {
        self.is_wanted |= !self.is_fetching;
    }

    /// When to fetch; at once if there was no attempt yet.
    pub(super) fn due(&self, timing: &Timing) -> Option<Instant> {
        let soonest = self.began? + timing.cooldown;
        match &self.keys {
            Some((_, fetched)) if self.failure.is_none() && !self.is_wanted => {
                Some(soonest.max(*fetched + timing.refresh))
            }
            _ => Some(soonest),
        }
    }

    /// Whether an attempt is under way or may begin now.
    pub(super) fn is_about_to_fetch(&self, timing: &Timing) -> bool {
        let may_begin = self
            .began
            .is_none_or(|began| began.elapsed() >= timing.cooldown);
        self.is_fetching || may_begin
    }

    pub(super) fn begin(&mut self) {
        self.began = Some(Instant::now());
        self.is_fetching = true;
        self.is_wanted = false;
    }

    /// How an attempt ended; what is new about it, for the log.
    pub(super) fn attempted(&mut self, fetched: Result<Keys, Failure>) -> Option<String> {
        self.attempts += 1;
        self.is_fetching = false;
        match fetched {
            Ok(keys) => {
                self.keys = Some((Arc::new(keys), Instant::now()));
                let before = self.failure.take();
                before.map(|_| "the provider's keys can be fetched again".to_owned())
            }
            Err(failure) => {
                let is_new = self.failure.as_ref() != Some(&failure);
                let news = format!("the provider's keys cannot be fetched: {failure}");
                self.failure = Some(failure);
                is_new.then_some(news)
            }
        }
    }

    pub(super) fn attempts(&self) -> u64 {
        self.attempts
    }

    pub(super) fn end(&mut self) {
        self.is_over = true;
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }
}
