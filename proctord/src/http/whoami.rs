//! `GET /whoami`: who the service takes the asker for.

use actix_web::HttpResponse;
use proctor_api::WhoAmI;

use super::access::Access;

pub(super) async fn show(access: Access) -> HttpResponse {
    let admin = access.is_admin();
    let asker = access.asker;
    // While authentication is off the email is what the client says, and nobody has groups.
    let authenticated = asker.user.is_some();
    let groups = asker.user.map_or_else(Vec::new, |user| user.groups.clone());
    HttpResponse::Ok().json(WhoAmI {
        email: asker.email,
        groups,
        admin,
        authenticated,
    })
}
