//! The outermost layer: how many requests there were, how they were answered, and how long that took.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};

use crate::app::App;

/// Measures every answer, under the template of its route.
///
/// # Errors
/// Whatever comes from inside.
pub async fn measure(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let response = next.call(request).await?.map_into_boxed_body();
    let request = response.request();
    if let Some(app) = request.app_data::<web::Data<App>>() {
        let (method, status) = (request.method().as_str(), response.status().as_u16());
        app.metrics
            .answered(method, request.match_pattern(), status, begun.elapsed());
    }
    Ok(response)
}
