//! Quotas: how many Pods a namespace may hold, and when a Pod that was refused is tried again.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::kind::Kind;
use super::refusal::Refusal;
use super::state::{Key, State};

/// A controller waits no longer than this many times its first delay.
const MOST_DELAYS: u32 = 60;

#[derive(Debug, Default)]
pub(crate) struct Quotas {
    pods: HashMap<String, usize>,
    refused: HashMap<String, Refused>,
}

/// How often a Job's Pods were refused in a row, and when last.
#[derive(Debug, Clone, Copy)]
struct Refused {
    times: u32,
    last: Timestamp,
}

impl Quotas {
    pub(crate) fn set(&mut self, namespace: &str, pods: Option<usize>) {
        match pods {
            Some(most) => self.pods.insert(namespace.to_owned(), most),
            None => self.pods.remove(namespace),
        };
    }

    /// Notes what came of an attempt to create a Pod for the Job with this uid.
    pub(crate) fn note(&mut self, job: &str, was_refused: bool, now: Timestamp) {
        if was_refused {
            let times = self.refused.get(job).map_or(0, |before| before.times) + 1;
            let refused = Refused { times, last: now };
            self.refused.insert(job.to_owned(), refused);
        } else {
            self.refused.remove(job);
        }
    }

    /// When the next attempt is to be made; at once if the last one succeeded.
    pub(crate) fn next_attempt(&self, job: &str, first_delay: Duration) -> Option<Timestamp> {
        let refused = self.refused.get(job)?;
        let delays = 2_u32.saturating_pow(refused.times - 1).min(MOST_DELAYS);
        let delay = SignedDuration::try_from(first_delay * delays);
        Some(refused.last + delay.unwrap_or(SignedDuration::MAX))
    }
}

/// Refuses an object that would go over the quota of its namespace.
pub(crate) fn check(state: &State, key: &Key) -> Result<(), Refusal> {
    if key.kind != Kind::Pod {
        return Ok(());
    }
    let Some(&most) = state.quotas.pods.get(&key.namespace) else {
        return Ok(());
    };
    let used = state
        .of_kind(Kind::Pod)
        .filter(|(one, _)| one.namespace == key.namespace)
        .filter(|(_, pod)| {
            !matches!(
                pod["status"]["phase"].as_str(),
                Some("Succeeded" | "Failed")
            )
        })
        .count();
    if used < most {
        return Ok(());
    }
    Err(Refusal::over_quota(key.kind, &key.name, used, most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_doubles_the_delay_until_a_pod_is_let_in() {
        let mut quotas = Quotas::default();
        let (now, second) = (Timestamp::UNIX_EPOCH, Duration::from_secs(1));
        let waits = |quotas: &Quotas| {
            let next = quotas.next_attempt("job", second);
            next.map(Timestamp::as_second)
        };
        assert_eq!(waits(&quotas), None);

        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            quotas.note("job", true, now);
            assert_eq!(waits(&quotas), Some(seconds));
        }
        quotas.note("job", false, now);
        assert_eq!(waits(&quotas), None);
    }
}
