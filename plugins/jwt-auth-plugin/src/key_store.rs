//! The keys of the provider, kept and renewed. One thread fetches them: before they are old, again and again while
//! the provider is away, and when a token names a key that is not there; but never more often than the cooldown lets
//! it, however many such tokens come. Nobody else asks the provider.

mod state;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use proctor_plugin::Failure;

use crate::keys::Keys;
use crate::provider::Provider;
use state::State;

/// When keys are fetched, and for how long they are good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timing {
    /// They are renewed after this time.
    pub(crate) refresh: Duration,
    /// From the beginning of one attempt to the next, at least.
    pub(crate) cooldown: Duration,
    /// They are good for this long, if they cannot be renewed.
    pub(crate) keep: Duration,
}

/// How long somebody with a key that is not known waits for an attempt. It may take longer; but the service ends a
/// plugin that does not answer in time, and with it go the keys of all others.
const PATIENCE: Duration = Duration::from_secs(2);

/// The keys. Their thread ends some time after this is dropped.
pub(crate) struct KeyStore {
    shared: Arc<Shared>,
}

struct Shared {
    provider: Provider,
    timing: Timing,
    state: Mutex<State>,
    changed: Condvar,
}

impl KeyStore {
    /// Begins to fetch, and does not wait for it.
    pub(crate) fn start(provider: Provider, timing: Timing) -> Result<Self, Failure> {
        let shared = Arc::new(Shared {
            provider,
            timing,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let fetching = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("jwt-keys".to_owned())
            .spawn(move || fetching.fetch_for_ever())?;
        Ok(Self { shared })
    }

    /// The keys, with the one that is looked for if the provider has it.
    ///
    /// # Errors
    /// There are none that are still good, or the one that is looked for may be there and the provider is away.
    pub(crate) fn with(&self, has_it: impl Fn(&Keys) -> bool) -> Result<Arc<Keys>, Failure> {
        let shared = &*self.shared;
        let mut state = shared.lock();
        if let Some(keys) = state.known(&shared.timing, &has_it) {
            return Ok(keys);
        }
        state.want();
        shared.changed.notify_all();
        if state.is_about_to_fetch(&shared.timing) {
            let before = state.attempts();
            (state, _) = shared
                .changed
                .wait_timeout_while(state, PATIENCE, |state| state.attempts() == before)
                .unwrap_or_else(PoisonError::into_inner);
            if state.attempts() == before {
                let late = Failure::new("the provider takes long to tell its keys");
                return state.known(&shared.timing, has_it).ok_or(late);
            }
        }
        state.best(&shared.timing, has_it)
    }
}

impl Drop for KeyStore {
    fn drop(&mut self) {
        self.shared.lock().end();
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fetch_for_ever(&self) {
        while self.wait_until_due() {
            let fetched = self.fetch();
            if let Some(news) = self.lock().attempted(fetched) {
                // The service takes what a plugin writes here into its log.
                eprintln!("{news}");
            }
            self.changed.notify_all();
        }
    }

    /// What the provider sends is foreign; a panic over it must not leave everybody waiting.
    fn fetch(&self) -> Result<Keys, Failure> {
        catch_unwind(AssertUnwindSafe(|| self.provider.keys()))
            .unwrap_or_else(|_| Err(Failure::new("a panic over what the provider answered")))
    }

    /// Waits until it is time to fetch; false at the end.
    fn wait_until_due(&self) -> bool {
        let mut state = self.lock();
        loop {
            if state.is_over() {
                return false;
            }
            let wait = state.due(&self.timing).map_or(Duration::ZERO, |due| {
                due.saturating_duration_since(Instant::now())
            });
            if wait.is_zero() {
                state.begin();
                return true;
            }
            (state, _) = self
                .changed
                .wait_timeout(state, wait)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}
