//! The scheduler: it binds a Pod to the latest node if it fits there, and says so if it does not.

use std::collections::BTreeSet;

use super::events;
use super::kind::Kind;
use super::pods::{Condition, set_condition};
use super::state::{Key, State};

/// Binds those of these objects that are Pods without a node, or says why they get none.
pub(crate) fn schedule(state: &mut State, touched: &BTreeSet<Key>) {
    let pods = touched.iter().filter(|key| key.kind == Kind::Pod);
    let unbound: Vec<_> = pods
        .filter_map(|key| Some((key, state.get(key)?)))
        .filter(|(_, pod)| pod["spec"]["nodeName"].is_null())
        .filter(|(_, pod)| pod["metadata"]["deletionTimestamp"].is_null())
        .map(|(key, pod)| (key.clone(), state.nodes.refusal(pod)))
        .collect();
    for (key, refusal) in unbound {
        match refusal {
            None => bind(state, &key),
            Some(why) => leave_pending(state, &key, &why),
        }
    }
}

fn bind(state: &mut State, key: &Key) {
    let (node, now) = (state.nodes.latest(), state.now());
    state.modify(key, |pod| {
        pod["spec"]["nodeName"] = node.as_str().into();
        set_condition(pod, &now, &Condition::new("PodScheduled", true, None));
    });
    let message = format!(
        "Successfully assigned {}/{} to {node}",
        key.namespace, key.name
    );
    events::tell(state, key, "Normal", "Scheduled", &message);
}

fn leave_pending(state: &mut State, key: &Key, why: &str) {
    let (before, now) = (state.revision(), state.now());
    state.modify(key, |pod| {
        let mut unscheduled = Condition::new("PodScheduled", false, Some("Unschedulable"));
        unscheduled.message = Some(why);
        set_condition(pod, &now, &unscheduled);
    });
    if state.revision() != before {
        events::tell(state, key, "Warning", "FailedScheduling", why);
    }
}
