use reqwest::Method;
use serde_json::json;

use crate::support::{Service, send};

#[tokio::test]
async fn everybody_is_who_they_say_while_authentication_is_off() {
    let service = Service::start();
    let ask = async |email: &[u8]| {
        let request = service.json(Method::GET, "/whoami");
        send(request.header("Email-Id", email)).await
    };

    let named = ask(b"me@example.com").await;
    let unnamed = service.get("/whoami").await;
    let unreadable = ask(b"\xff").await;
    let long = ask(&[b'x'; 255]).await;

    assert_eq!(
        named.json(),
        json!({"email": "me@example.com", "groups": [], "admin": true, "authenticated": false})
    );
    assert_eq!(unnamed.json()["email"], "");
    for refused in [unreadable, long] {
        assert_eq!(refused.status, 400, "{refused:?}");
        assert_eq!(refused.content_type, "application/problem+json");
    }
}
