//! Which status code an error has, and the name and title of its kind of problem.

use actix_web::http::StatusCode;

use super::ApiError;
use crate::catalog::CatalogError;
use crate::store::StoreError;
use crate::submission::SubmitError;

impl ApiError {
    /// Status, name and title of the kind of problem.
    pub(super) fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoSuchRoute => (StatusCode::NOT_FOUND, "no-such-route", "Nothing here"),
            Self::WrongMethod { .. } => (
                StatusCode::METHOD_NOT_ALLOWED,
                "wrong-method",
                "Wrong method",
            ),
            Self::Foreign(_) => (StatusCode::FORBIDDEN, "foreign-origin", "Foreign origin"),
            Self::Unauthenticated(_) => (
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "Not authenticated",
            ),
            Self::Unproven(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Not available now",
            ),
            Self::TooMany(_) => (
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                "Too many requests",
            ),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::Unreadable { .. } => {
                (StatusCode::BAD_REQUEST, "unreadable", "Unreadable request")
            }
            Self::OldClient(_) => (StatusCode::BAD_REQUEST, "old-client", "Client too old"),
            Self::BadClientVersion => (
                StatusCode::BAD_REQUEST,
                "bad-client-version",
                "No client version",
            ),
            Self::LongUrl { .. } => (StatusCode::URI_TOO_LONG, "long-url", "URL too long"),
            Self::LargeHead { .. } => (
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "large-head",
                "Headers too large",
            ),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body too large"),
            Self::NotReady(_) => (StatusCode::SERVICE_UNAVAILABLE, "not-ready", "Not ready"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too-slow", "Body too slow"),
            Self::Invalid { .. } | Self::Refused { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "Mistakes in the request",
            ),
            Self::UnknownProc(_)
            | Self::NoMetadata(_)
            | Self::Submit(SubmitError::UnknownProc { .. }) => {
                (StatusCode::NOT_FOUND, "unknown-proc", "Unknown proc")
            }
            Self::UnknownSchedule(_) => (
                StatusCode::NOT_FOUND,
                "unknown-schedule",
                "Unknown schedule",
            ),
            Self::BreaksSchedules(_) => (
                StatusCode::CONFLICT,
                "breaks-schedules",
                "Schedules would break",
            ),
            Self::UnknownSecret(_) => (StatusCode::NOT_FOUND, "unknown-secret", "Unknown secret"),
            Self::UnknownBundle(_) => (StatusCode::NOT_FOUND, "unknown-bundle", "Unknown bundle"),
            Self::UnknownExecution(_) => (
                StatusCode::NOT_FOUND,
                "unknown-execution",
                "Unknown execution",
            ),
            Self::UnknownDelivery(_) => (
                StatusCode::NOT_FOUND,
                "unknown-delivery",
                "Unknown delivery",
            ),
            Self::Delivered(_) => (StatusCode::CONFLICT, "delivered", "Delivered already"),
            Self::NotStopped(_) => (StatusCode::CONFLICT, "not-stopped", "Not stopped before"),
            Self::Submit(SubmitError::RequirementNotMet { .. }) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "requirement-not-met",
                "Requirement not met",
            ),
            Self::Submit(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "creation-failed",
                "Creation failed",
            ),
            Self::Store(StoreError::ScheduleAlike) => {
                (StatusCode::CONFLICT, "schedule-alike", "Schedule alike")
            }
            Self::Store(StoreError::KeyReused) => {
                (StatusCode::CONFLICT, "key-reused", "Key reused")
            }
            Self::Store(StoreError::Full { .. }) | Self::Catalog(CatalogError::Full { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "no-space", "No space left")
            }
            Self::Store(StoreError::Unavailable { .. } | StoreError::SchemaBehind { .. })
            | Self::Catalog(CatalogError::Unavailable { .. }) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Not available now",
            ),
            Self::Store(_) | Self::Catalog(_) | Self::Broken(_) => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Internal error",
            ),
        }
    }
}
