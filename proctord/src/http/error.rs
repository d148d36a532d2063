//! Everything that a handler can answer instead of success. Here alone an error meets a status code: one
//! for clients that read JSON, and one for the Go system's clients, with that system's text where it had one.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use proctor_api::{Mistake, Problem};
use thiserror::Error;

use crate::app::Broken;
use crate::catalog::CatalogError;
use crate::domain::execution::Execution;
use crate::store::StoreError;
use crate::submission::SubmitError;

/// What a handler answers instead of success.
#[derive(Debug, Error)]
pub enum ApiError {
    #[error("there is nothing at this path")]
    NoSuchRoute,
    #[error("the path does not take this method")]
    WrongMethod,
    #[error("the page or host that this request comes from is not allowed here: {0}")]
    Foreign(String),
    #[error("you are not allowed to do this")]
    Forbidden,
    /// The request cannot be read; the second text is the Go system's.
    #[error("{detail}")]
    Unreadable { detail: String, plain: &'static str },
    #[error("the body has more than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("{detail}")]
    Invalid {
        detail: String,
        mistakes: Vec<Mistake>,
    },
    #[error("there is no proc {0}")]
    UnknownProc(String),
    #[error("there is no execution {0}")]
    UnknownExecution(String),
    #[error(transparent)]
    Submit(SubmitError),
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Broken(#[from] Broken),
}

/// The Go system's text for everything that went wrong inside.
pub(super) const SOMETHING_WENT_WRONG: &str = "Something went wrong";

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(id) => Self::UnknownExecution(id.to_string()),
            other => Self::Store(other),
        }
    }
}

impl From<SubmitError> for ApiError {
    fn from(error: SubmitError) -> Self {
        match error {
            SubmitError::Store(error) => error.into(),
            SubmitError::Catalog(error) => error.into(),
            other => Self::Submit(other),
        }
    }
}

impl ApiError {
    /// The problem for clients that read JSON, without its `instance`.
    pub(super) fn problem(&self) -> Problem {
        let (status, kind, title) = self.kind();
        let hidden = status.is_server_error() && !matches!(self, Self::Submit(_));
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
            mistakes: self.mistakes().to_vec(),
            execution_id: self.execution().map(|execution| execution.id.into()),
        }
    }

    /// Status and text for clients of the Go system.
    pub(super) fn plain(&self) -> (StatusCode, String) {
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
            other => match other.kind().0 {
                status if status.is_server_error() => (
                    StatusCode::INTERNAL_SERVER_ERROR,
                    SOMETHING_WENT_WRONG.to_owned(),
                ),
                status => (status, other.to_string()),
            },
        }
    }

    /// Status, name and title of the kind of problem.
    fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoSuchRoute => (StatusCode::NOT_FOUND, "no-such-route", "Nothing here"),
            Self::WrongMethod => (
                StatusCode::METHOD_NOT_ALLOWED,
                "wrong-method",
                "Wrong method",
            ),
            Self::Foreign(_) => (StatusCode::FORBIDDEN, "foreign-origin", "Foreign origin"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::Unreadable { .. } => {
                (StatusCode::BAD_REQUEST, "unreadable", "Unreadable request")
            }
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Body too large"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too-slow", "Body too slow"),
            Self::Invalid { .. } => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "Mistakes in the request",
            ),
            Self::UnknownProc(_) | Self::Submit(SubmitError::UnknownProc { .. }) => {
                (StatusCode::NOT_FOUND, "unknown-proc", "Unknown proc")
            }
            Self::UnknownExecution(_) => (
                StatusCode::NOT_FOUND,
                "unknown-execution",
                "Unknown execution",
            ),
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
            Self::Store(StoreError::KeyReused) => {
                (StatusCode::CONFLICT, "key-reused", "Key reused")
            }
            Self::Store(StoreError::Full { .. }) | Self::Catalog(CatalogError::Full { .. }) => {
                (StatusCode::SERVICE_UNAVAILABLE, "no-space", "No space left")
            }
            Self::Store(StoreError::Unavailable { .. })
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

    fn detail(&self) -> String {
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
            Self::Store(StoreError::Unavailable { .. })
            | Self::Catalog(CatalogError::Unavailable { .. }) => {
                "the service cannot reach its data now; try again later"
            }
            _ => "the service's log has the cause, under this instance",
        }
    }

    fn mistakes(&self) -> &[Mistake] {
        match self {
            Self::Invalid { mistakes, .. }
            | Self::Submit(SubmitError::RequirementNotMet { mistakes, .. }) => mistakes,
            _ => &[],
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

fn lines(first: &str, mistakes: &[Mistake]) -> String {
    let mut text = first.to_owned();
    for mistake in mistakes {
        text.push_str("\n- ");
        text.push_str(&mistake.to_string());
    }
    text
}

/// Answers are shaped by the `render` layer, which knows what the client reads.
impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.kind().0
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

pub(super) async fn no_such_route() -> Result<HttpResponse, ApiError> {
    Err(ApiError::NoSuchRoute)
}

pub(super) async fn wrong_method() -> Result<HttpResponse, ApiError> {
    Err(ApiError::WrongMethod)
}
