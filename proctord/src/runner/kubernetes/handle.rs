//! What the store calls an execution's Job: its uid and, behind an `@`, where that Job is. Pure. Handles that were
//! stored by earlier builds are the uid alone, and mean the namespace that is configured.

use std::fmt;

use crate::domain::execution::Execution;

/// A stored handle, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Handle<'a> {
    pub(super) uid: &'a str,
    pub(super) home: Option<Home<'a>>,
}

/// Where a Job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Home<'a> {
    pub(super) namespace: &'a str,
    /// The uid of the namespace, which no other cluster has; absent if it could not be read.
    pub(super) namespace_uid: Option<&'a str>,
}

impl<'a> Handle<'a> {
    pub(super) fn of(execution: &'a Execution) -> Option<Self> {
        execution.handle.as_deref().map(Self::parse)
    }

    pub(super) fn parse(text: &'a str) -> Self {
        let Some((uid, home)) = text.split_once('@') else {
            return Self {
                uid: text,
                home: None,
            };
        };
        let (namespace, namespace_uid) = match home.split_once('/') {
            Some((namespace, uid)) => (namespace, Some(uid)),
            None => (home, None),
        };
        Self {
            uid,
            home: Some(Home {
                namespace,
                namespace_uid,
            }),
        }
    }
}

/// The uid of the execution's Job, if one has been stored.
pub(super) fn uid(execution: &Execution) -> Option<&str> {
    Handle::of(execution).map(|handle| handle.uid)
}

impl fmt::Display for Handle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.uid)?;
        let Some(home) = self.home else {
            return Ok(());
        };
        write!(f, "@{}", home.namespace)?;
        match home.namespace_uid {
            Some(uid) => write!(f, "/{uid}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Handle, Home};

    #[test]
    fn a_handle_is_read_as_it_was_written_and_an_old_one_is_a_uid() {
        let home = |namespace_uid| {
            Some(Home {
                namespace: "procs",
                namespace_uid,
            })
        };
        let cases = [
            ("u-1", None),
            ("u-1@procs", home(None)),
            ("u-1@procs/n-1", home(Some("n-1"))),
        ];

        for (text, home) in cases {
            let handle = Handle { uid: "u-1", home };
            assert_eq!(Handle::parse(text), handle);
            assert_eq!(handle.to_string(), text);
        }
    }
}
