//! `GET /whoami`: who the service takes the asker for.

use actix_web::HttpResponse;
use proctor_api::WhoAmI;

use super::access::Access;

pub(super) async fn show(access: Access) -> HttpResponse {
    // Authentication is off: the email is what the client says, and nobody has groups.
    HttpResponse::Ok().json(WhoAmI {
        email: access.asker.email,
        groups: Vec::new(),
        authenticated: false,
    })
}
