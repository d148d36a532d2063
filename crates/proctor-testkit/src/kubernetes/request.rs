//! What a request is about, read from its path and query. Nothing is looked up here.

use std::collections::HashMap;
use std::time::Duration;

use super::kind::Kind;
use super::objects::{Intent, Part};
use super::refusal::{Cause, Refusal};
use super::selector::Selector;
use super::state::Key;
use super::{list, watch};

/// Objects of a kind, one of them, or what belongs to one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: Kind,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

impl Target {
    pub(crate) fn of_path(path: &str) -> Option<Self> {
        let parts: Vec<_> = path.trim_matches('/').split('/').collect();
        let (group, rest) = match parts.as_slice() {
            ["api", "v1", rest @ ..] => ("", rest),
            ["apis", group, "v1", rest @ ..] => (*group, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            ["namespaces", namespace, rest @ ..] => (Some((*namespace).to_owned()), rest),
            rest => (None, rest),
        };
        let (plural, name, subresource) = match rest {
            [plural] => (plural, None, None),
            [plural, name] => (plural, Some(name), None),
            [plural, name, subresource] => (plural, Some(name), Some(subresource)),
            _ => return None,
        };
        Some(Self {
            kind: Kind::named(group, plural)?,
            namespace,
            name: name.map(|name| (*name).to_owned()),
            subresource: subresource.map(|name| (*name).to_owned()),
        })
    }

    /// As rules of access name it: `jobs`, `pods/log`.
    pub(crate) fn resource(&self) -> String {
        match &self.subresource {
            None => self.kind.plural().to_owned(),
            Some(subresource) => format!("{}/{subresource}", self.kind.plural()),
        }
    }

    /// The one object that is meant.
    pub(crate) fn key(&self) -> Option<Key> {
        let namespace = self.namespace.as_deref()?;
        Some(Key::new(self.kind, namespace, self.name.as_deref()?))
    }

    pub(crate) fn is_log(&self) -> bool {
        self.kind == Kind::Pod && self.subresource.as_deref() == Some("log")
    }

    pub(crate) fn is_eviction(&self) -> bool {
        self.kind == Kind::Pod && self.subresource.as_deref() == Some("eviction")
    }

    pub(crate) fn part(&self) -> Result<Part, Refusal> {
        match self.subresource.as_deref() {
            None => Ok(Part::Main),
            Some("status") => Ok(Part::Status),
            Some(_) => Err(Refusal::no_such_path()),
        }
    }
}

/// The query of a request.
#[derive(Debug, Default)]
pub(crate) struct Query(pub(crate) HashMap<String, String>);

impl Query {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        matches!(self.text(name), "true" | "1")
    }

    pub(crate) fn number<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        match self.text(name) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| {
                Refusal::bad_request(format!("{name}: invalid value {text:?}: not a number"))
            }),
        }
    }

    pub(crate) fn intent(&self) -> Intent {
        if self.text("dryRun").is_empty() {
            Intent::Store
        } else {
            Intent::DryRun
        }
    }

    pub(crate) fn selector(&self, target: &Target) -> Result<Selector, Refusal> {
        let namespace = target.namespace.as_deref();
        let (labels, fields) = (self.text("labelSelector"), self.text("fieldSelector"));
        Selector::parse(target.kind, namespace, labels, fields)
    }

    pub(crate) fn list(&self, target: &Target) -> Result<list::Options, Refusal> {
        if !self.text("sendInitialEvents").is_empty() {
            let message = "sendInitialEvents is forbidden for list";
            return Err(forbidden("sendInitialEvents", message));
        }
        Ok(list::Options {
            kind: target.kind,
            selector: self.selector(target)?,
            limit: self.number("limit")?.unwrap_or_default(),
            from: self.from()?,
        })
    }

    /// The moment that a list is to show.
    fn from(&self) -> Result<list::From, Refusal> {
        let revision: Option<u64> = self.number("resourceVersion")?;
        let token = self.text("continue");
        match (token, revision, self.text("resourceVersionMatch")) {
            ("", None, "") => Ok(list::From::Latest),
            ("", Some(revision), "" | "NotOlderThan") => Ok(list::From::AtLeast(revision)),
            ("", Some(revision @ 1..), "Exact") => Ok(list::From::Exactly(revision)),
            ("", revision, word) => Err(no_such_match(revision, word)),
            (token, None | Some(0), "") => list::From::of_token(token),
            (_, _, "") => Err(Refusal::bad_request(
                "specifying resource version is not allowed when using continue",
            )),
            _ => Err(forbidden(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden when continue is provided",
            )),
        }
    }

    pub(crate) fn watch(&self, target: &Target) -> Result<watch::Options, Refusal> {
        let word = self.text("resourceVersionMatch");
        let initial_events = self.is("sendInitialEvents");
        if !initial_events && !word.is_empty() {
            let message =
                "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            return Err(forbidden("resourceVersionMatch", message));
        }
        if initial_events && word != "NotOlderThan" {
            let message = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            return Err(forbidden("resourceVersionMatch", message));
        }
        Ok(watch::Options {
            kind: target.kind,
            selector: self.selector(target)?,
            revision: self.number("resourceVersion")?.filter(|at| *at != 0),
            timeout: self.number("timeoutSeconds")?.map(Duration::from_secs),
            bookmarks: self.is("allowWatchBookmarks"),
            initial_events,
        })
    }
}

/// A way of matching revisions that there is not, or not for this revision.
fn no_such_match(revision: Option<u64>, word: &str) -> Refusal {
    let message = match (revision, word) {
        (None, _) => "resourceVersionMatch is forbidden unless resourceVersion is provided",
        (Some(0), "Exact") => {
            "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""
        }
        _ => "supported values: \"Exact\", \"NotOlderThan\"",
    };
    forbidden("resourceVersionMatch", message)
}

fn forbidden(field: &str, message: &str) -> Refusal {
    Refusal::invalid_options(&Cause::forbidden(field, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_objects_one_of_them_or_what_belongs_to_it() {
        let log = Target::of_path("/api/v1/namespaces/procs/pods/a/log").expect("a path of ours");
        assert_eq!(log.key(), Some(Key::new(Kind::Pod, "procs", "a")));
        assert_eq!(log.subresource.as_deref(), Some("log"));

        let jobs = Target::of_path("/apis/batch/v1/jobs").expect("a path of ours");
        assert_eq!((jobs.kind, jobs.namespace), (Kind::Job, None));

        assert_eq!(
            Target::of_path("/apis/batch/v1/namespaces/procs/pods"),
            None
        );
        assert_eq!(Target::of_path("/openapi/v3"), None);
    }
}
