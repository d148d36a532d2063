use serde_json::{Value, json};

use crate::run::User;
use crate::stub::{Reply, Stub};

#[tokio::test]
async fn who_asks_is_told_in_every_way() {
    let user =
        json!({"email": "a@example.org", "groups": ["ops", "dev\u{1b}"], "authenticated": false});
    let stub = Stub::start(move |_| Reply::Json(200, user.clone())).await;
    let user = User::of(&stub);

    let text = user.run(&["whoami"]).await.expect_code(0);
    assert_eq!(
        text.stdout(),
        format!(
            "{:<40} a@example.org\n{:<40} false\n{:<40} [ops, dev\\u{{1b}}]\n",
            "Email", "Authenticated", "Groups"
        )
    );
    let name = user.run(&["whoami", "-oname"]).await.expect_code(0);
    assert_eq!(name.stdout(), "a@example.org\n");
    let json = user.run(&["whoami", "-ojson"]).await.expect_code(0);
    let told: Value = serde_json::from_str(json.stdout()).unwrap();
    assert_eq!(told["groups"][0], "ops");
    assert_eq!(stub.requests()[0].target, "/whoami");
}
