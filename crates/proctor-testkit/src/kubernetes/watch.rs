//! A watch: what is there to begin with, then every change as a line of JSON, until its time is up, the history that
//! it needs is gone, or its reader is too slow. It keeps few lines: what is not read yet stays in the history.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::Stream;
use futures::stream;
use serde_json::{Value, json};
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, timeout_at};

use super::audience::Seat;
use super::cluster::Cluster;
use super::history::Change;
use super::kind::Kind;
use super::selector::Selector;

/// How long a watch lasts that does not say it.
const USUAL_TIMEOUT: Duration = Duration::from_secs(1800);

/// How many changes are looked at before their lines are handed on.
const CHANGES_AT_ONCE: usize = 100;

/// What a client asks of a watch.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) kind: Kind,
    pub(crate) selector: Selector,
    /// Changes after this one are told; without it, what is there comes first.
    pub(crate) revision: Option<u64>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) bookmarks: bool,
    /// What is there comes first, and a bookmark says where it ends.
    pub(crate) initial_events: bool,
}

struct Watch {
    cluster: Arc<Cluster>,
    options: Options,
    changed: Receiver<u64>,
    position: u64,
    lines: VecDeque<String>,
    seat: Seat,
    deadline: Instant,
    next_bookmark: Option<Instant>,
    is_over: bool,
}

/// The body of the answer to a watch.
pub(crate) fn body(
    cluster: Arc<Cluster>,
    options: Options,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let interval = cluster.settings.bookmark_interval;
    let mut watch = Watch {
        changed: cluster.subscribe(options.kind),
        position: options.revision.unwrap_or_default(),
        lines: VecDeque::new(),
        seat: cluster.audience.sit_down(options.kind),
        deadline: Instant::now() + options.timeout.unwrap_or(USUAL_TIMEOUT),
        next_bookmark: options.bookmarks.then(|| Instant::now() + interval),
        is_over: false,
        cluster,
        options,
    };
    watch.begin();
    stream::unfold(watch, |mut watch| async move {
        let line = watch.next().await?;
        Some((Ok(Bytes::from(line)), watch))
    })
}

impl Watch {
    fn begin(&mut self) {
        let options = &self.options;
        if options.revision.is_some() && !options.initial_events {
            self.seat.was_told(self.position);
            return;
        }
        let state = self.cluster.state();
        let matching = state
            .of_kind(options.kind)
            .filter(|(_, object)| options.selector.matches(object));
        self.lines
            .extend(matching.map(|(_, object)| line("ADDED", object)));
        self.position = state.revision();
        if options.initial_events {
            self.lines.push_back(self.bookmark("true"));
        }
    }

    async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            if self.is_over {
                return None;
            }
            self.changed.borrow_and_update();
            if self.read() || !self.lines.is_empty() || self.is_over {
                continue;
            }
            self.seat.was_told(self.position);
            let until = self.next_bookmark.unwrap_or(self.deadline);
            let until = until.min(self.deadline);
            match timeout_at(until, self.changed.changed()).await {
                Ok(Ok(())) => {}
                Err(_) if until < self.deadline => self.remind(),
                _ => self.end(),
            }
        }
    }

    /// Takes some of what has happened since the last time; true if there is more.
    fn read(&mut self) -> bool {
        let state = self.cluster.state();
        let changes = match state.history().since(self.options.kind, self.position) {
            Ok(changes) => changes,
            Err(refusal) => {
                self.lines.push_back(line("ERROR", &refusal.status()));
                self.is_over = true;
                return false;
            }
        };
        let lag = changes.len();
        if lag > self.cluster.settings.longest_lag {
            self.is_over = true;
            return false;
        }
        for change in changes.take(CHANGES_AT_ONCE) {
            self.lines.extend(told(&self.options.selector, change));
            self.position = change.revision;
        }
        if lag <= CHANGES_AT_ONCE {
            self.position = self.position.max(state.revision());
        }
        lag > CHANGES_AT_ONCE
    }

    fn remind(&mut self) {
        self.next_bookmark = Some(Instant::now() + self.cluster.settings.bookmark_interval);
        self.lines.push_back(self.bookmark(""));
    }

    fn end(&mut self) {
        self.is_over = true;
        if self.options.bookmarks {
            self.lines.push_back(self.bookmark(""));
        }
    }

    fn bookmark(&self, initial_events_end: &str) -> String {
        let mut metadata = json!({"resourceVersion": self.position.to_string()});
        if !initial_events_end.is_empty() {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": initial_events_end});
        }
        let object = json!({
            "kind": self.options.kind.word(),
            "apiVersion": self.options.kind.api_version(),
            "metadata": metadata,
        });
        line("BOOKMARK", &object)
    }
}

/// What a change means to a watch: an object that comes to match is added, one that no longer does is deleted.
fn told(selector: &Selector, change: &Change) -> Option<String> {
    let before = change.before.as_ref();
    let matched = before.is_some_and(|before| selector.matches(before));
    let matches = !change.removed && selector.matches(&change.after);
    let word = match (matched, matches) {
        (false, false) => return None,
        (false, true) => "ADDED",
        (true, true) => "MODIFIED",
        (true, false) => "DELETED",
    };
    Some(line(word, &change.after))
}

fn line(word: &str, object: &Value) -> String {
    format!("{{\"type\":\"{word}\",\"object\":{object}}}\n")
}
