//! A watch: what is there to begin with, then every change as a line of JSON, until its time is up or the history
//! that it needs is gone.

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

use super::cluster::Cluster;
use super::kind::Kind;
use super::selector::Selector;
use super::state::{Change, State};

/// How long a watch lasts that does not say it.
const USUAL_TIMEOUT: Duration = Duration::from_secs(1800);

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
    lines: VecDeque<Value>,
    deadline: Instant,
    is_over: bool,
}

/// The body of the answer to a watch.
pub(crate) fn body(
    cluster: Arc<Cluster>,
    options: Options,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let mut watch = Watch {
        changed: cluster.subscribe(),
        position: options.revision.unwrap_or_default(),
        lines: VecDeque::new(),
        deadline: Instant::now() + options.timeout.unwrap_or(USUAL_TIMEOUT),
        is_over: false,
        cluster,
        options,
    };
    watch.begin();
    stream::unfold(watch, |mut watch| async move {
        let line = watch.next().await?;
        Some((Ok(Bytes::from(format!("{line}\n"))), watch))
    })
}

impl Watch {
    fn begin(&mut self) {
        let options = &self.options;
        if options.revision.is_some() && !options.initial_events {
            return;
        }
        let state = self.cluster.state();
        let matching = state
            .of_kind(options.kind)
            .filter(|(_, object)| options.selector.matches(object));
        let events = matching.map(|(_, object)| json!({"type": "ADDED", "object": object}));
        self.lines.extend(events);
        self.position = state.revision();
        if options.initial_events {
            self.lines.push_back(self.bookmark("true"));
        }
    }

    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            if self.is_over {
                return None;
            }
            self.changed.borrow_and_update();
            self.read();
            if !self.lines.is_empty() {
                continue;
            }
            let waited = timeout_at(self.deadline, self.changed.changed()).await;
            if !matches!(waited, Ok(Ok(()))) {
                self.end();
            }
        }
    }

    /// Takes what has happened since the last time.
    fn read(&mut self) {
        let state = self.cluster.state();
        match state.changes_since(self.options.kind, self.position) {
            Ok(changes) => {
                let told = changes.filter_map(|change| event(&self.options.selector, change));
                self.lines.extend(told);
                self.position = State::revision(&state);
            }
            Err(refusal) => {
                let error = json!({"type": "ERROR", "object": refusal.status()});
                self.lines.push_back(error);
                self.is_over = true;
            }
        }
    }

    fn end(&mut self) {
        self.is_over = true;
        if self.options.bookmarks {
            let bookmark = self.bookmark("");
            self.lines.push_back(bookmark);
        }
    }

    fn bookmark(&self, initial_events_end: &str) -> Value {
        let mut metadata = json!({"resourceVersion": self.position.to_string()});
        if !initial_events_end.is_empty() {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": initial_events_end});
        }
        json!({"type": "BOOKMARK", "object": {
            "kind": self.options.kind.word(),
            "apiVersion": self.options.kind.api_version(),
            "metadata": metadata,
        }})
    }
}

/// What a change means to a watch: an object that comes to match is added, one that no longer does is deleted.
fn event(selector: &Selector, change: &Change) -> Option<Value> {
    let matched = change
        .before
        .as_ref()
        .is_some_and(|before| selector.matches(before));
    let matches = !change.removed && selector.matches(&change.after);
    let word = match (matched, matches) {
        (false, false) => return None,
        (false, true) => "ADDED",
        (true, true) => "MODIFIED",
        (true, false) => "DELETED",
    };
    Some(json!({"type": word, "object": change.after}))
}
