//! The Events that the double's controllers tell about objects. Nothing reads them but clients.

use serde_json::json;
use uuid::Uuid;

use super::kind::Kind;
use super::state::{Key, State};

/// Tells an Event about an object that is stored; about another, none.
pub(crate) fn tell(state: &mut State, about: &Key, word: &str, reason: &str, message: &str) {
    let Some(object) = state.get(about) else {
        return;
    };
    let (metadata, now) = (&object["metadata"], state.now());
    let event = json!({
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": {},
        "involvedObject": {
            "kind": about.kind.word(),
            "namespace": about.namespace,
            "name": about.name,
            "uid": metadata["uid"],
            "apiVersion": about.kind.api_version(),
            "resourceVersion": metadata["resourceVersion"],
        },
        "type": word,
        "reason": reason,
        "message": message,
        "count": 1,
        "firstTimestamp": now,
        "lastTimestamp": now,
    });
    let suffix = Uuid::new_v4().simple().to_string();
    let name = format!("{}.{}", about.name, &suffix[..16]);
    let key = Key::new(Kind::Event, &about.namespace, &name);
    // The name is random: it cannot be taken.
    let _stored = state.insert(&key, event);
}
