//! Recordings of a real cluster (Kubernetes 1.36): what two watches showed of one Job and its Pods, and when.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::super::super::seen::Seen;
use super::super::super::watches::replay::Replay;
use super::super::{Expected, Verdict, judge};
use crate::domain::lifecycle::End;

/// A recorded watch event.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    pub(super) after_ms: i64,
    kind: String,
    change: String,
    object: Value,
}

#[derive(Debug, Clone)]
pub(super) struct Recording {
    pub(super) events: Vec<Shown>,
    job: String,
    uid: String,
    created_at: Timestamp,
}

impl Recording {
    pub(super) fn of(scenario: &str) -> Self {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src/runner/kubernetes/judge/recordings"
        );
        let text = std::fs::read_to_string(format!("{folder}/{scenario}.json")).unwrap();
        let events: Vec<Value> = serde_json::from_str(&text).unwrap();
        let metadata = events[0]["object"]["metadata"].clone();
        let job = metadata["name"].as_str().unwrap().to_owned();
        Self {
            events: events
                .into_iter()
                .map(|event| Shown::of(event, &job))
                .collect(),
            uid: metadata["uid"].as_str().unwrap().to_owned(),
            created_at: metadata["creationTimestamp"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
            job,
        }
    }

    pub(super) fn expected(&self) -> Expected {
        Expected {
            uid: Some(self.uid.clone()),
            image: "registry.local/does-not-exist:1".to_owned(),
            memory_limit: Some("32Mi".to_owned()),
        }
    }

    pub(super) fn at(&self, after_ms: i64) -> Timestamp {
        self.created_at + SignedDuration::from_millis(after_ms)
    }

    /// The Job gets an annotation with the change that suspends it.
    pub(super) fn annotate_suspension(&mut self, name: &str, text: &str) {
        for event in self.events.iter_mut().filter(|event| event.kind == "Job") {
            if event.object["spec"]["suspend"] == true {
                event.object["metadata"]["annotations"] = serde_json::json!({name: text});
            }
        }
    }

    /// Another change of the Job at the end.
    pub(super) fn add_job_status(&mut self, change: impl FnOnce(&mut Value)) {
        let mut jobs = self.events.iter().rev();
        let mut last = jobs.find(|event| event.kind == "Job").unwrap().clone();
        last.after_ms = self.events.last().unwrap().after_ms + 1000;
        change(&mut last.object["status"]);
        self.events.push(last);
    }

    /// The events of each object, in their order.
    pub(super) fn by_object(&self) -> Vec<Vec<Shown>> {
        let mut objects: BTreeMap<String, Vec<Shown>> = BTreeMap::new();
        for event in &self.events {
            let uid = event.object["metadata"]["uid"].to_string();
            objects.entry(uid).or_default().push(event.clone());
        }
        objects.into_values().collect()
    }

    /// What is known after each of these events.
    pub(super) fn replay<'a>(
        &'a self,
        events: &'a [Shown],
    ) -> impl Iterator<Item = (&'a Shown, Seen)> + 'a {
        let mut replay = Replay::new();
        events.iter().map(move |event| {
            replay.show(&event.kind, &event.change, &event.object);
            (event, replay.seen(&self.job))
        })
    }

    /// Which of these events ends it first, and how, if the cluster is asked after each. Each is judged at its own
    /// moment.
    pub(super) fn first_end(&self, events: &[Shown]) -> Option<(usize, End)> {
        self.first(events, true)
    }

    /// The same if the cluster is never asked.
    pub(super) fn first_end_unasked(&self, events: &[Shown]) -> Option<End> {
        self.first(events, false).map(|(_, end)| end)
    }

    fn first(&self, events: &[Shown], confirmed: bool) -> Option<(usize, End)> {
        let expected = self.expected();
        let mut ends = self.replay(events).enumerate();
        ends.find_map(|(at, (event, seen))| {
            let seen = Seen { confirmed, ..seen };
            match judge(&expected, &seen, self.at(event.after_ms)) {
                Verdict::Ended(end) => Some((at, end)),
                _ => None,
            }
        })
    }

    /// What is made of all that has been shown, long after.
    pub(super) fn in_the_end(&self, events: &[Shown]) -> Verdict {
        let (_, seen) = self.replay(events).last().unwrap();
        let confirmed = true;
        let seen = Seen { confirmed, ..seen };
        judge(&self.expected(), &seen, self.at(3_600_000))
    }
}

impl Shown {
    /// The container that was called `proc` when this was recorded gets the name that Proctor gives.
    fn of(event: Value, job: &str) -> Self {
        let mut object = event["object"].clone();
        if let Some(containers) = object["status"]["containerStatuses"].as_array_mut() {
            for container in containers {
                container["name"] = job.into();
            }
        }
        Self {
            after_ms: event["after_ms"].as_i64().unwrap(),
            kind: event["kind"].as_str().unwrap().to_owned(),
            change: event["type"].as_str().unwrap().to_owned(),
            object,
        }
    }
}
