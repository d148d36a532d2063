//! Errors as clients that read JSON get them: problem details, which tell of a failure inside no more than
//! what to do about it.

use std::borrow::Cow;

use proctor_api::{BrokenSchedule, Mistake, Problem};

use super::ApiError;
use crate::catalog::CatalogError;
use crate::domain::execution::Execution;
use crate::store::StoreError;
use crate::submission::SubmitError;

impl ApiError {
    /// The problem for clients that read JSON, without its `instance`.
    pub(in crate::http) fn problem(&self) -> Problem {
        let (status, kind, title) = self.kind();
        let hidden =
            status.is_server_error() && !matches!(self, Self::Submit(_) | Self::NotReady(_));
        Problem {
            kind: format!("/problems/{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: if hidden {
                self.hint().to_owned()
            } else {
                self.detail()
            },
            instance: String::new(),
            mistakes: self.mistakes().into_owned(),
            execution_id: self.execution().map(|execution| execution.id.into()),
        }
    }

    pub(super) fn detail(&self) -> String {
        match self {
            Self::Submit(SubmitError::CreationFailed { execution }) => execution
                .state
                .reason()
                .unwrap_or("for an unknown reason")
                .to_owned(),
            other => other.to_string(),
        }
    }

    /// What a client may know of a failure inside.
    fn hint(&self) -> &'static str {
        match self {
            Self::Store(StoreError::Full { .. }) | Self::Catalog(CatalogError::Full { .. }) => {
                "the service has no space left to store this; nothing was accepted"
            }
            Self::Store(StoreError::Unavailable { .. } | StoreError::SchemaBehind { .. })
            | Self::Catalog(CatalogError::Unavailable { .. }) => {
                "the service cannot reach its data now; try again later"
            }
            Self::Unproven(_) => {
                "the service cannot find out now who you are and what you may do; try again later"
            }
            _ => "the service's log has the cause, under this instance",
        }
    }

    pub(super) fn mistakes(&self) -> Cow<'_, [Mistake]> {
        match self {
            Self::Invalid { mistakes, .. }
            | Self::Refused { mistakes, .. }
            | Self::Submit(SubmitError::RequirementNotMet { mistakes, .. }) => mistakes.into(),
            Self::BreaksSchedules(broken) => broken.iter().map(in_words).collect(),
            _ => Cow::Borrowed(&[]),
        }
    }

    fn execution(&self) -> Option<&Execution> {
        match self {
            Self::Submit(
                SubmitError::UnknownProc { execution }
                | SubmitError::RequirementNotMet { execution, .. }
                | SubmitError::CreationFailed { execution },
            ) => Some(execution),
            _ => None,
        }
    }
}

/// What is wrong with a schedule, in one line.
fn in_words(broken: &BrokenSchedule) -> Mistake {
    let mistakes: Vec<_> = broken.mistakes.iter().map(ToString::to_string).collect();
    let BrokenSchedule {
        id,
        job_name,
        user_email,
        ..
    } = broken;
    let owner = match user_email.as_str() {
        "" => String::new(),
        email => format!(", {email}'s"),
    };
    let message = format!("of {job_name}{owner}: {}", mistakes.join("; "));
    Mistake::new(format!("schedule {id}"), message)
}
