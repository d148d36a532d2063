//! The kinds of objects that the double keeps, and how they are named on the wire. What they mean is not here.

use serde_json::{Value, json};

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Job,
    Pod,
    Secret,
    Event,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Job, Self::Pod, Self::Secret, Self::Event];

    /// The kind that an API group and a plural name stand for; the core group is the empty one.
    pub(crate) fn named(group: &str, plural: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.group() == group && kind.plural() == plural)
    }

    /// The kind that `kind` of an owner reference names.
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Job => "Job",
            Self::Pod => "Pod",
            Self::Secret => "Secret",
            Self::Event => "Event",
        }
    }

    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Job => "jobs",
            Self::Pod => "pods",
            Self::Secret => "secrets",
            Self::Event => "events",
        }
    }

    pub(crate) fn group(self) -> &'static str {
        match self {
            Self::Job => "batch",
            Self::Pod | Self::Secret | Self::Event => "",
        }
    }

    pub(crate) fn api_version(self) -> &'static str {
        match self {
            Self::Job => "batch/v1",
            Self::Pod | Self::Secret | Self::Event => "v1",
        }
    }

    /// As errors name it: `jobs.batch`, `pods`.
    pub(crate) fn qualified(self) -> String {
        self.with_group(self.plural())
    }

    /// As errors about a field name it: `Job.batch`, `Pod`.
    pub(crate) fn qualified_word(self) -> String {
        self.with_group(self.word())
    }

    /// The row of this kind in the list of its group's resources.
    pub(crate) fn resource(self) -> Value {
        let short: &[&str] = match self {
            Self::Pod => &["po"],
            Self::Event => &["ev"],
            Self::Job | Self::Secret => &[],
        };
        let categories: &[&str] = match self {
            Self::Job | Self::Pod => &["all"],
            Self::Secret | Self::Event => &[],
        };
        let mut row = json!({
            "name": self.plural(),
            "singularName": self.word().to_lowercase(),
            "namespaced": true,
            "kind": self.word(),
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        });
        for (field, words) in [("shortNames", short), ("categories", categories)] {
            if !words.is_empty() {
                row[field] = json!(words);
            }
        }
        row
    }

    fn with_group(self, word: &str) -> String {
        match self.group() {
            "" => word.to_owned(),
            group => format!("{word}.{group}"),
        }
    }
}
