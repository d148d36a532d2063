//! Errors as clients of the Go system read them: its codes, and its texts where it had one.

use actix_web::http::StatusCode;
use proctor_api::Mistake;

use super::ApiError;
use crate::store::StoreError;
use crate::submission::SubmitError;

/// The Go system's text for everything that went wrong inside.
const SOMETHING_WENT_WRONG: &str = "Something went wrong";

impl ApiError {
    /// Status and text for clients of the Go system.
    pub(in crate::http) fn plain(&self) -> (StatusCode, String) {
        match self {
            Self::Unreadable { plain, .. } => (StatusCode::BAD_REQUEST, (*plain).to_owned()),
            Self::Invalid { detail, mistakes } => {
                (StatusCode::BAD_REQUEST, lines(detail, mistakes))
            }
            Self::Submit(SubmitError::RequirementNotMet { mistakes, .. }) => {
                (StatusCode::BAD_REQUEST, lines(&self.to_string(), mistakes))
            }
            Self::Submit(SubmitError::CreationFailed { .. }) => {
                let reason = self.detail();
                (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    format!("Failed to execute Job, Errors Detail {reason}"),
                )
            }
            Self::UnknownExecution(_) => (
                StatusCode::NOT_FOUND,
                "Execution context not Found".to_owned(),
            ),
            Self::Refused { plain, .. } => (StatusCode::BAD_REQUEST, plain.clone()),
            Self::NoMetadata(_) => (StatusCode::NOT_FOUND, "Metadata not found".to_owned()),
            Self::UnknownSchedule(_) => (StatusCode::NOT_FOUND, "Schedule not found".to_owned()),
            Self::Store(StoreError::ScheduleAlike) => (
                StatusCode::CONFLICT,
                "Schedule job name and args duplicate is found".to_owned(),
            ),
            Self::BreaksSchedules(_) => (
                StatusCode::CONFLICT,
                lines(&self.to_string(), &self.mistakes()),
            ),
            Self::NotReady(_) | Self::Unproven(_) => {
                (StatusCode::SERVICE_UNAVAILABLE, self.to_string())
            }
            // The Go system gives no reason.
            Self::Unauthenticated(_) | Self::Forbidden => (self.kind().0, String::new()),
            other => match other.kind().0 {
                status if status.is_server_error() => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    SOMETHING_WENT_WRONG.to_owned(),
                ),
                status => (status, other.to_string()),
            },
        }
    }
}

fn lines(first: &str, mistakes: &[Mistake]) -> String {
    let mut text = first.to_owned();
    for mistake in mistakes {
        text.push_str("\n- ");
        text.push_str(&mistake.to_string());
    }
    text
}
