//! `GET /ping`: whether somebody is there, nothing more.

use actix_web::HttpResponse;

pub(super) async fn show() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("pong")
}
