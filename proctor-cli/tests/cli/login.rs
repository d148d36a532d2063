use serde_json::json;

use crate::run::User;
use crate::stub::{Reply, Request, Stub};
use crate::wire::problem;

const TOKEN: &str = "hunter2";

/// Knows one token, whichever way it comes, and whose it is.
fn service(request: &Request) -> Reply {
    let token = request.header("Access-Token") == TOKEN;
    let bearer = request.header("Authorization") == format!("Bearer {TOKEN}");
    let email = request.header("Email-Id");
    match email {
        "ann@example.org" if token => {}
        "" if bearer => {}
        _ => return problem(401, json!({"detail": "nobody is known by these"})),
    }
    match request.path() {
        "/whoami" => Reply::Json(
            200,
            json!({"email": "ann@example.org", "groups": [], "authenticated": true}),
        ),
        _ => Reply::Json(200, json!([])),
    }
}

fn file(user: &User) -> String {
    std::fs::read_to_string(user.path("config/proctor.yaml")).unwrap_or_default()
}

#[tokio::test]
async fn a_token_from_stdin_is_checked_and_kept_with_all_that_the_file_says() {
    let stub = Stub::start(service).await;
    let address = stub.address.to_string();
    let user = User::new();
    user.write(
        "config/proctor.yaml",
        "# of the team\nCONNECTION_TIMEOUT_SECS: 7\nACCESS_TOKEN: old\n",
    );

    let login = user
        .run_with_stdin(
            &["login", "--host", &address, "--email", "ann@example.org"],
            b"hunter2\n",
        )
        .await
        .expect_code(0)
        .expect_said("as ann@example.org");

    assert!(
        login.stdout.is_empty() && !login.stderr.contains(TOKEN),
        "{login:?}"
    );
    assert_eq!(
        file(&user),
        format!(
            "# of the team\nCONNECTION_TIMEOUT_SECS: 7\nACCESS_TOKEN: hunter2\nPROCTOR_HOST: {address}\nEMAIL_ID: ann@example.org\n"
        )
    );
    user.run(&["list", "-oname"]).await.expect_code(0);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_the_file_and_a_link_stays_one() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let stub = Stub::start(service).await;
    let user = User::new();
    let real = user.write("dotfiles/proctor.yaml", "# mine\n");
    std::fs::set_permissions(&real, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::create_dir(user.path("config")).unwrap();
    symlink(&real, user.path("config/proctor.yaml")).unwrap();
    let token = user.write("token", "  hunter2\r\n");

    let host = stub.address.to_string();
    user.run(&["login", "--host", &host, "--token-file", &token])
        .await
        .expect_code(0);

    let mode = std::fs::metadata(&real).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    assert_eq!(
        file(&user),
        format!("# mine\nPROCTOR_HOST: {host}\nACCESS_TOKEN: hunter2\n")
    );
    assert!(
        std::fs::symlink_metadata(user.path("config/proctor.yaml"))
            .unwrap()
            .is_symlink()
    );
}

#[tokio::test]
async fn what_is_not_accepted_is_not_kept() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub);

    user.run_with_stdin(&["login", "--email", "bob@example.org"], b"hunter2")
        .await
        .expect_code(1)
        .expect_said("Please check the EMAIL_ID and ACCESS_TOKEN validity")
        .expect_said("nobody is known by these");
    user.run_with_stdin(&["login"], b"")
        .await
        .expect_code(1)
        .expect_said("is empty");
    user.run_with_stdin(&["login"], b"two\nlines")
        .await
        .expect_code(1)
        .expect_said("has characters that a header cannot carry");
    user.run(&["login", "--token", TOKEN]).await.expect_code(2);

    assert_eq!(file(&user), "");
}

#[tokio::test]
async fn a_host_is_needed_and_what_the_environment_says_is_told() {
    let stub = Stub::start(service).await;
    User::new()
        .run_with_stdin(&["login"], b"hunter2")
        .await
        .expect_code(1)
        .expect_said("PROCTOR_HOST");
    User::of(&stub)
        .with("ACCESS_TOKEN", "another")
        .run_with_stdin(&["login"], b"hunter2")
        .await
        .expect_code(0)
        .expect_said("PROCTOR_HOST of the environment goes before the file")
        .expect_said("ACCESS_TOKEN of the environment goes before the file");
}

#[tokio::test]
async fn a_service_without_whoami_or_without_authentication_takes_it_too() {
    let v2 = Stub::start(|request| match request.path() {
        "/metadata" if request.header("Access-Token") == TOKEN => Reply::Json(200, json!([])),
        "/metadata" => Reply::Text(401, ""),
        _ => Reply::Text(404, "404 page not found\n"),
    })
    .await;
    let user = User::of(&v2);
    let args = ["login", "--email", "ann@example.org"];
    user.run_with_stdin(&args, b"wrong").await.expect_code(1);
    assert_eq!(file(&user), "");
    user.run_with_stdin(&args, b"hunter2").await.expect_code(0);
    assert!(file(&user).contains("ACCESS_TOKEN: hunter2\n"));

    let open =
        Stub::start(|_| Reply::Json(200, json!({"email": "", "authenticated": false}))).await;
    User::of(&open)
        .run_with_stdin(&args, b"hunter2")
        .await
        .expect_code(0)
        .expect_said("lets everybody in and has not looked at the token");
}

#[tokio::test]
async fn logout_removes_the_token_and_nothing_else() {
    let user = User::new();
    user.run(&["logout"])
        .await
        .expect_code(0)
        .expect_said("There is no token in");
    let text = "# mine\nPROCTOR_HOST: h\nEMAIL_ID: a@b # me\n";
    user.write("config/proctor.yaml", format!("{text}ACCESS_TOKEN: x\n"));

    user.run(&["logout"])
        .await
        .expect_code(0)
        .expect_said("Logged out");

    assert_eq!(file(&user), text);
}

#[tokio::test]
async fn a_token_goes_with_the_email_as_in_version_2_and_alone_as_a_bearers() {
    let stub = Stub::start(|_| Reply::Json(200, json!([]))).await;
    let alone = User::of(&stub).with("ACCESS_TOKEN", TOKEN);
    alone.run(&["list"]).await.expect_code(0);
    let both = User::of(&stub)
        .with("ACCESS_TOKEN", TOKEN)
        .with("EMAIL_ID", "a@b");
    both.run(&["list"]).await.expect_code(0);

    let requests = stub.requests();
    let sent = |number: usize, name: &str| requests[number].header(name).to_owned();
    assert_eq!(sent(0, "Authorization"), "Bearer hunter2");
    assert_eq!(
        (sent(0, "Access-Token"), sent(0, "Email-Id")),
        Default::default()
    );
    assert_eq!(sent(1, "Authorization"), "");
    assert_eq!(sent(1, "Access-Token"), TOKEN);
    assert_eq!(sent(1, "Email-Id"), "a@b");
}

#[cfg(unix)]
#[tokio::test]
async fn somebody_at_a_terminal_is_asked_and_the_token_is_not_shown() {
    use crate::terminal::Terminal;
    let stub = Stub::start(service).await;
    let user = User::new().with("TERM", "xterm");

    let mut terminal = Terminal::start(&user, &["login"]);
    terminal.shows("Host: ").await;
    terminal.press(&format!("{}\r", stub.address));
    terminal
        .shows("Email (empty if the token tells it): ")
        .await;
    terminal.press("ann@example.org\r");
    terminal
        .shows(&format!("Token for {}: ", stub.address))
        .await;
    terminal.hides_what_is_typed().await;
    terminal.press("hunter2\r");
    terminal.shows("as ann@example.org").await;
    let left = terminal.end().await.expect_code(0);

    assert!(!left.screen.contains(TOKEN), "{}", left.screen);
    assert_eq!(
        file(&user),
        format!(
            "PROCTOR_HOST: {}\nEMAIL_ID: ann@example.org\nACCESS_TOKEN: hunter2\n",
            stub.address
        )
    );

    // What is known already is offered.
    let mut again = Terminal::start(&user, &["login"]);
    again.shows("Email [ann@example.org]: ").await;
    again.press("\r");
    again.shows("Token for ").await;
    again.hides_what_is_typed().await;
    again.press("hunter2\r");
    again.end().await.expect_code(0);
    let refused = Terminal::start(&user, &["login", "--no-input"]).end().await;
    refused.expect_code(1);
}
