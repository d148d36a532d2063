//! Lists: what there is, or was at a revision, whole or in pages that together are one snapshot. Watching is beside
//! it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};

use super::kind::Kind;
use super::refusal::Refusal;
use super::selector::Selector;
use super::state::{Key, State};

/// What a client asks of a list.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) kind: Kind,
    pub(crate) selector: Selector,
    /// How many objects a page has; 0 is all.
    pub(crate) limit: usize,
    pub(crate) from: From,
}

/// The moment that a list shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum From {
    Latest,
    /// Anything from this revision on; 0 is whatever is at hand, and then a limit is not looked at.
    AtLeast(u64),
    Exactly(u64),
    /// The page after an object, in the snapshot of the first page.
    After {
        revision: u64,
        namespace: String,
        name: String,
    },
}

impl From {
    pub(crate) fn of_token(token: &str) -> Result<Self, Refusal> {
        let mut parts = token.splitn(3, ':');
        let revision = parts.next().and_then(|part| part.parse().ok());
        match (revision, parts.next(), parts.next()) {
            (Some(revision), Some(namespace), Some(name)) => Ok(Self::After {
                revision,
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(Refusal::bad_request("continue key is not valid")),
        }
    }
}

/// The body of the answer.
pub(crate) fn answer(state: &State, options: &Options) -> Result<String, Refusal> {
    let (revision, objects) = find(state, options)?;
    let size = match (&options.from, options.limit) {
        (From::AtLeast(0), _) | (_, 0) => usize::MAX,
        (_, limit) => limit,
    };
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    if objects.len() > size {
        let last = objects[size - 1].0;
        metadata["continue"] = format!("{revision}:{}:{}", last.namespace, last.name).into();
        metadata["remainingItemCount"] = (objects.len() - size).into();
    }
    let page = objects.iter().take(size);
    let items: Vec<_> = page.map(|(_, object)| object.to_string()).collect();
    let (word, version) = (options.kind.word(), options.kind.api_version());
    Ok(format!(
        r#"{{"kind":"{word}List","apiVersion":"{version}","metadata":{metadata},"items":[{}]}}"#,
        items.join(",")
    ))
}

type Found<'a> = Vec<(&'a Key, &'a Arc<Value>)>;

/// The objects to be shown, all pages of them, and the revision that they are shown at.
fn find<'a>(state: &'a State, options: &Options) -> Result<(u64, Found<'a>), Refusal> {
    let (latest, kind) = (state.revision(), options.kind);
    let matches = |object: &Value| options.selector.matches(object);
    let (revision, after) = match &options.from {
        From::AtLeast(revision) | From::Exactly(revision) if *revision > latest => {
            return Err(Refusal::too_new(*revision, latest));
        }
        From::Latest | From::AtLeast(_) => {
            let found = now(state, options).filter(|(_, object)| matches(object));
            return Ok((latest, found.collect()));
        }
        From::Exactly(revision) => (*revision, None),
        From::After {
            revision,
            namespace,
            name,
        } => (*revision, Some(Key::new(kind, namespace, name))),
    };
    let objects = at(state, kind, revision).map_err(|refusal| match after {
        None => refusal,
        Some(_) => Refusal::expired(
            "The provided continue parameter is too old to display a consistent list result.",
        ),
    })?;
    let found = objects
        .into_iter()
        .filter(|(key, object)| after.as_ref().is_none_or(|after| *key > after) && matches(object));
    Ok((revision, found.collect()))
}

/// The objects that can match now.
fn now<'a>(
    state: &'a State,
    options: &Options,
) -> Box<dyn Iterator<Item = (&'a Key, &'a Arc<Value>)> + 'a> {
    match options.selector.required_label() {
        Some((name, value)) => Box::new(state.labelled(options.kind, name, value)),
        None => Box::new(state.of_kind(options.kind)),
    }
}

/// The objects of a kind as they were at a revision.
fn at(state: &State, kind: Kind, revision: u64) -> Result<BTreeMap<&Key, &Arc<Value>>, Refusal> {
    let undone = state.history().undone(kind, revision)?;
    let mut objects: BTreeMap<_, _> = state.of_kind(kind).collect();
    for (key, before) in undone {
        match before {
            Some(before) => objects.insert(key, before),
            None => objects.remove(key),
        };
    }
    Ok(objects)
}
