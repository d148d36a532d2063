//! Who asks and what for: found out before the handler of a request runs, and handed to the handler as one
//! value, through which it asks the policy and writes its audit entry.

use std::future::{Ready, ready};
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest, web};
use futures::FutureExt;
use proctor_plugin::User;
use tracing::error;

use super::credentials;
use super::error::ApiError;
use super::render::RequestId;
use crate::app::{App, Broken};
use crate::authentication::{Authentication, Unproven};
use crate::policy::{Action, Asker, Rule};
use crate::store::{AuditEntry, AuditResult};
use crate::telemetry::chain;

/// Who asks, and for which action.
#[derive(Clone)]
pub(super) struct Access {
    pub(super) asker: Asker,
    action: Action,
    app: web::Data<App>,
    origin: Origin,
}

/// Which request it is, for the audit trail.
#[derive(Clone)]
struct Origin {
    source: Option<IpAddr>,
    request_id: String,
}

impl Access {
    /// Asks the policy about something that belongs to a proc with these groups.
    pub(super) async fn check(&self, groups: &[String]) -> Result<(), ApiError> {
        self.demand(self.action, groups).await
    }

    /// Asks the policy whether the asker may do this as well, for which the admin groups are needed.
    pub(super) async fn check_admin(&self, action: Action) -> Result<(), ApiError> {
        self.demand(action, &[]).await
    }

    /// As `check`, for lists that leave out what is not permitted.
    pub(super) async fn permits(&self, groups: &[String]) -> Result<bool, ApiError> {
        self.may(self.action, groups).await
    }

    /// Whether the asker is an admin.
    pub(super) fn is_admin(&self) -> bool {
        self.app.policy.is_admin(&self.asker)
    }

    /// Whether groups mean anything, so that it is worth looking for them.
    pub(super) fn looks_at_groups(&self) -> bool {
        self.app.policy.looks_at_groups()
    }

    /// An entry for the audit trail.
    pub(super) fn audit(&self, action: &'static str, target: impl Into<String>) -> AuditEntry {
        let who = self.asker.email.clone();
        self.origin.entry(who, action, target, AuditResult::Done)
    }

    async fn demand(&self, action: Action, groups: &[String]) -> Result<(), ApiError> {
        if self.may(action, groups).await? {
            Ok(())
        } else {
            Err(ApiError::Forbidden)
        }
    }

    /// The policy must permit it, and the plugin must have nothing against it.
    async fn may(&self, action: Action, groups: &[String]) -> Result<bool, ApiError> {
        let policy = &self.app.policy;
        if !policy.permits(&self.asker, action, groups) {
            return Ok(false);
        }
        match (&self.app.authentication, &self.asker.user) {
            (Some(authentication), Some(user)) => {
                let needed = policy.needed(action, groups);
                let said = authentication.authorises(user, needed, action.as_str());
                said.await.map_err(|error| {
                    authentication.note_outage(&error);
                    ApiError::Unproven(error)
                })
            }
            _ => Ok(true),
        }
    }
}

impl Origin {
    fn of(request: &ServiceRequest) -> Self {
        let id = request.extensions().get::<RequestId>().cloned();
        Self {
            source: request.peer_addr().map(|address| address.ip()),
            request_id: id.map(|id| id.0).unwrap_or_default(),
        }
    }

    fn entry(
        &self,
        who: String,
        action: &'static str,
        target: impl Into<String>,
        result: AuditResult,
    ) -> AuditEntry {
        AuditEntry {
            who,
            action,
            target: target.into(),
            source: self
                .source
                .map(|source| source.to_string())
                .unwrap_or_default(),
            result,
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
    match access(action, &request).await {
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

async fn access(action: Action, request: &ServiceRequest) -> Result<Access, ApiError> {
    let app = request.app_data::<web::Data<App>>().cloned();
    // Without the application there is no policy, and without a policy nobody comes in.
    let app = app.ok_or(ApiError::Forbidden)?;
    if action.needs_data() && !app.readiness.is_open() {
        return Err(ApiError::NotReady(app.readiness.wrong()));
    }
    let origin = Origin::of(request);
    let asker = match (action.rule(), &app.authentication) {
        (Rule::Open, _) => Asker::default(),
        (_, None) => Asker::claiming(credentials::email(request.headers())?.unwrap_or_default()),
        (_, Some(authentication)) => {
            let user = prove(&app, authentication, request, &origin).await?;
            authentication.count(&user)?;
            if !user.active {
                return Err(ApiError::Forbidden);
            }
            if !authentication.looks_up() {
                app.seen_users.note(&user);
            }
            Asker::proven(user)
        }
    };
    let access = Access {
        asker,
        action,
        app,
        origin,
    };
    if action.rule() == Rule::Admin {
        access.check_admin(action).await?;
    }
    Ok(access)
}

/// Who sends a request; those who cannot prove it are told so, the sooner the fewer they are.
async fn prove(
    app: &web::Data<App>,
    authentication: &Authentication,
    request: &ServiceRequest,
    origin: &Origin,
) -> Result<Arc<User>, ApiError> {
    let Some(credentials) = credentials::credentials(request.headers())? else {
        return Err(ApiError::Unauthenticated(
            "say who you are: by Email-Id and Access-Token, or by Authorization: Bearer",
        ));
    };
    let claimed = credentials.email.clone().unwrap_or_default();
    let refusal = match authentication
        .authenticate(credentials, origin.source)
        .await
    {
        Ok(user) => return Ok(user),
        Err(Unproven::Unanswered(error)) => {
            authentication.note_outage(&error);
            return Err(ApiError::Unproven(error));
        }
        Err(Unproven::Nobody) => "the credentials prove nobody",
        Err(Unproven::SomebodyElse(user)) => {
            let who = user.email.clone();
            let entry = origin.entry(who, "authenticate", claimed, AuditResult::Refused);
            record_refusal(app, entry).await?;
            "the credentials are not those of the address that came with them"
        }
    };
    authentication.slow_down(origin.source).await;
    Err(ApiError::Unauthenticated(refusal))
}

/// Has a refusal in the audit trail, though its client may have gone. That it is refused stands all the same.
async fn record_refusal(app: &web::Data<App>, entry: AuditEntry) -> Result<(), ApiError> {
    let service = app.clone();
    let recorded = async move {
        if let Err(error) = service.store.audit(entry).await {
            error!(error = chain(&error), "a refusal is not in the audit trail");
        }
    };
    Ok(app.work.to_the_end(recorded).await?)
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
