//! Who asks and what for: taken from the request before its handler runs, and handed to the handler as one
//! value, through which it asks the policy and writes its audit entry.

use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use futures::FutureExt;
use proctor_api::EMAIL_HEADER;

use super::error::ApiError;
use super::render::RequestId;
use crate::app::{App, Broken};
use crate::policy::{Action, Asker, Policy, Rule};
use crate::store::{AuditEntry, AuditResult};

/// The most bytes of an email address, as mail itself has it.
const EMAIL_LIMIT: usize = 254;

/// Who asks, and for which action.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) asker: Asker,
    action: Action,
    policy: Policy,
    source: String,
    request_id: String,
}

impl Access {
    /// Asks the policy about something that belongs to a proc with these groups.
    pub(super) fn check(&self, groups: &[String]) -> Result<(), ApiError> {
        if self.permits(groups) {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }

    /// Asks the policy whether the asker may do this as well, for which the admin groups are needed.
    pub(super) fn check_admin(&self, action: Action) -> Result<(), ApiError> {
        if self.policy.permits(&self.asker, action, &[]) {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }

    /// As `check`, for lists that leave out what is not permitted.
    pub(super) fn permits(&self, groups: &[String]) -> bool {
        self.policy.permits(&self.asker, self.action, groups)
    }

    /// An entry for the audit trail.
    pub(super) fn audit(&self, action: &'static str, target: impl Into<String>) -> AuditEntry {
        AuditEntry {
            who: self.asker.email.clone(),
            action,
            target: target.into(),
            source: self.source.clone(),
            result: AuditResult::Done,
            request_id: self.request_id.clone(),
        }
    }
}

/// Decides whether the request may reach its handler at all.
pub(super) async fn admit(
    action: Action,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match access(action, &request) {
        Ok(access) => {
            request.extensions_mut().insert(access);
            catch(request, next).await
        }
        Err(refusal) => Ok(request.error_response(refusal)),
    }
}

/// Makes a panic of the handler an answer. It has told the log what it is by then; the client learns no more
/// than that.
async fn catch(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let asked = request.request().clone();
    match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(answer) => answer.map(ServiceResponse::map_into_boxed_body),
        Err(_panic) => Ok(ServiceResponse::from_err(ApiError::from(Broken), asked)),
    }
}

fn access(action: Action, request: &ServiceRequest) -> Result<Access, ApiError> {
    let app = request.app_data::<web::Data<App>>().cloned();
    // Without the application there is no policy, and without a policy nobody comes in.
    let app = app.ok_or(ApiError::Forbidden)?;
    if action.needs_data() && !app.readiness.is_open() {
        return Err(ApiError::NotReady(app.readiness.wrong()));
    }
    let policy = app.policy;
    let asker = asker(request)?;
    if action.rule() == Rule::Admin && !policy.permits(&asker, action, &[]) {
        return Err(ApiError::Forbidden);
    }
    let request_id = request
        .extensions()
        .get::<RequestId>()
        .map(|id| id.0.clone())
        .unwrap_or_default();
    let source = request
        .peer_addr()
        .map(|address| address.ip().to_string())
        .unwrap_or_default();
    Ok(Access {
        asker,
        action,
        policy,
        source,
        request_id,
    })
}

fn asker(request: &ServiceRequest) -> Result<Asker, ApiError> {
    let Some(email) = request.headers().get(EMAIL_HEADER) else {
        return Ok(Asker::default());
    };
    let email = email
        .to_str()
        .ok()
        .map(str::trim)
        .filter(|email| email.len() <= EMAIL_LIMIT);
    match email {
        Some(email) => Ok(Asker {
            email: email.to_owned(),
        }),
        None => Err(ApiError::Unreadable {
            detail: format!(
                "the header {EMAIL_HEADER} must be at most {EMAIL_LIMIT} ASCII characters"
            ),
            plain: "Email is invalid",
        }),
    }
}

impl FromRequest for Access {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        // Every route of the table passes `admit`; a handler reached another way gets nothing.
        ready(
            request
                .extensions()
                .get::<Self>()
                .cloned()
                .ok_or(ApiError::Forbidden),
        )
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::{HttpResponse, test, web};

    use super::super::render;

    async fn break_down() -> HttpResponse {
        panic!("canary-2b7e")
    }

    /// S6: panics went to the client with their stack.
    #[actix_web::test]
    async fn s6_a_panic_is_an_answer_that_tells_nothing() {
        let route = web::get().to(break_down).wrap(from_fn(super::catch));
        let app = actix_web::App::new()
            .wrap(from_fn(render::shape_errors))
            .route("/", route);
        let app = test::init_service(app).await;

        for (accept, text) in [
            ("application/json", "/problems/internal"),
            ("*/*", "Something went wrong"),
        ] {
            let request = test::TestRequest::get().insert_header(("Accept", accept));
            let answer = test::call_service(&app, request.to_request()).await;
            assert_eq!(answer.status(), 500);
            let body = test::read_body(answer).await;
            let body = String::from_utf8_lossy(&body);
            assert!(body.contains(text), "{body}");
            assert!(!body.contains("canary") && !body.contains(".rs"), "{body}");
        }
    }
}
