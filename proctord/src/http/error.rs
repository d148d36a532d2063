//! Everything that a handler can answer instead of success. Here alone an error meets a status code: one
//! for clients that read JSON, and one for the Go system's clients, with that system's text where it had one.

mod kind;
mod plain;
mod problem;

use std::sync::Arc;

use actix_web::error::{PathError, QueryPayloadError};
use actix_web::http::{Method, StatusCode, header};
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError};
use proctor_api::{BrokenSchedule, Mistake};
use thiserror::Error;

use crate::app::Broken;
use crate::authentication::TooMany;
use crate::catalog::CatalogError;
use crate::domain::id::ExecutionId;
use crate::domain::version::Version;
use crate::plugins::PluginError;
use crate::store::StoreError;
use crate::submission::SubmitError;

/// What a handler answers instead of success.
#[derive(Debug, Error)]
pub enum ApiError {
    #[error("there is nothing at this path")]
    NoSuchRoute,
    #[error("the path does not take this method")]
    WrongMethod { allow: String },
    #[error("the page or host that this request comes from is not allowed here: {0}")]
    Foreign(String),
    #[error("{0}")]
    Unauthenticated(&'static str),
    /// Who asks cannot be found out now, or what they may do.
    #[error("the plugin for authentication gave no answer")]
    Unproven(#[source] Arc<PluginError>),
    #[error("you are not allowed to do this")]
    Forbidden,
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(
        "Your Proctor client is using an outdated version: {0}. To continue using proctor, please upgrade to latest version."
    )]
    OldClient(Version),
    #[error(
        "Your Proctor client config is Invalid. Please contact your Proctor Administrator. Error: Minimum Client Version Config is Missing"
    )]
    BadClientVersion,
    #[error("the URL has more than {limit} bytes")]
    LongUrl { limit: usize },
    #[error("there are more than {headers} headers, or they have more than {bytes} bytes")]
    LargeHead { headers: usize, bytes: usize },
    /// The request cannot be read; the second text is the Go system's.
    #[error("{detail}")]
    Unreadable { detail: String, plain: &'static str },
    #[error("the body has more than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("not ready: {0}")]
    NotReady(String),
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("{detail}")]
    Invalid {
        detail: String,
        mistakes: Vec<Mistake>,
    },
    #[error("there is no proc {0}")]
    UnknownProc(String),
    #[error("there is no secret {0}")]
    UnknownSecret(String),
    #[error("there is no bundle {0}")]
    UnknownBundle(String),
    #[error("there is no execution {0}")]
    UnknownExecution(String),
    #[error("there is no delivery {0}")]
    UnknownDelivery(String),
    #[error("delivery {0} has been delivered, so it is not tried again")]
    Delivered(String),
    #[error(
        "execution {0} is not given up: stop it first; only what does not end after a stop, or whose end nobody confirms, can be given up"
    )]
    NotStopped(ExecutionId),
    /// A schedule that cannot be; the second text is the Go system's.
    #[error("the schedule has mistakes")]
    Refused {
        mistakes: Vec<Mistake>,
        plain: String,
    },
    /// The proc of a schedule is not published.
    #[error("there is no proc {0}")]
    NoMetadata(String),
    #[error("there is no schedule {0}")]
    UnknownSchedule(String),
    #[error("it would break schedules, {} in all: publish it with force to have them held", .0.len())]
    BreaksSchedules(Vec<BrokenSchedule>),
    #[error(transparent)]
    Submit(SubmitError),
    #[error(transparent)]
    Store(StoreError),
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    #[error(transparent)]
    Broken(#[from] Broken),
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(id) => Self::UnknownExecution(id.to_string()),
            StoreError::NoDelivery(id) => Self::UnknownDelivery(id),
            StoreError::Delivered(id) => Self::Delivered(id),
            StoreError::NoSchedule(id) => Self::UnknownSchedule(id.to_string()),
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

/// OPTIONS, or a method that the path does not take.
pub(super) async fn other_method(
    request: HttpRequest,
    allow: String,
) -> Result<HttpResponse, ApiError> {
    if request.method() == Method::OPTIONS {
        let answer = HttpResponse::NoContent()
            .insert_header((header::ALLOW, allow))
            .finish();
        return Ok(answer);
    }
    Err(ApiError::WrongMethod { allow })
}

pub(super) fn bad_query(error: QueryPayloadError, _request: &HttpRequest) -> Error {
    unreadable(format!("the query is not as expected: {error}")).into()
}

pub(super) fn bad_path(error: PathError, _request: &HttpRequest) -> Error {
    unreadable(format!("the path is not as expected: {error}")).into()
}

fn unreadable(detail: String) -> ApiError {
    ApiError::Unreadable {
        detail,
        plain: "malformed request",
    }
}
