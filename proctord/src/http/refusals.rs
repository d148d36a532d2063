//! The layer that counts refusals: what was answered with 401 or 403, by the address that asked. It changes nothing
//! about an answer.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, web};

use crate::app::App;

/// Counts an answer that is a refusal.
///
/// # Errors
/// Whatever comes from inside.
pub async fn count_refusals<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let response = next.call(request).await?;
    if matches!(
        response.status(),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN
    ) {
        let request = response.request();
        if let Some(app) = request.app_data::<web::Data<App>>() {
            let source = request.peer_addr().map(|address| address.ip());
            app.refusals.note(source, response.status().as_u16());
        }
    }
    Ok(response)
}
