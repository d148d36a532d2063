use serde_json::{Value, json};

use crate::run::User;
use crate::stub::{Reply, Request, Stub};
use crate::terminal::{CTRL_C, DOWN, ENTER, Terminal};
use crate::wire::{end, execution};

fn metadata() -> Value {
    json!({"name": "say-hello", "env_vars": {"args": [
        {"name": "WHO", "description": "Who is greeted", "required": true, "pattern": "[a-z]+"},
        {"name": "TIMES", "description": "How often", "required": true, "type": "integer"},
        {"name": "GREETING", "description": "How", "required": true, "type": "choice",
         "choices": ["Hello", "Servus", "Namaste"]},
        {"name": "LATER", "required": true, "default": "no"},
    ]}})
}

fn service(request: &Request) -> Reply {
    match request.path() {
        "/metadata/say-hello" if request.method == "GET" => Reply::Json(200, metadata()),
        "/metadata/say-hello" => Reply::Text(204, ""),
        "/execution" => Reply::Json(201, execution("CREATED")),
        "/execution/logs" => {
            Reply::Log(vec![end(0, json!({"status": "SUCCEEDED", "exit_code": 0}))])
        }
        _ => Reply::Text(404, "no such route"),
    }
}

#[tokio::test]
async fn missing_args_are_asked_for_checked_and_chosen() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub).with("TERM", "xterm");

    let mut terminal = Terminal::start(&user, &["execute", "say-hello"]);
    terminal.shows("Who is greeted").await;
    terminal.press("WORLD\r");
    terminal.shows("must match the pattern [a-z]+").await;
    terminal.press(&"\x7f".repeat("WORLD".len()));
    terminal.press("world\r");
    terminal.shows("How often").await;
    terminal.press("twice\r");
    terminal.shows("must be a whole number").await;
    terminal.press(&"\x7f".repeat("twice".len()));
    terminal.press("2\r");
    terminal.shows("Namaste").await;
    terminal.press(DOWN);
    terminal.press(ENTER);
    terminal.shows("Execution completed.").await;

    terminal.end().await.expect_code(0);
    let requests = stub.requests();
    let posted = requests.iter().find(|one| one.method == "POST").unwrap();
    assert_eq!(
        posted.json()["args"],
        json!({"WHO": "world", "TIMES": "2", "GREETING": "Servus"})
    );
}

#[tokio::test]
async fn a_terminal_that_takes_nothing_back_is_asked_line_by_line() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub).with("TERM", "dumb");

    let mut terminal = Terminal::start(&user, &["execute", "say-hello", "WHO=you", "TIMES=1"]);
    terminal
        .shows("GREETING (How): [required; one of Hello, Servus, Namaste] ")
        .await;
    terminal.press("Hi\r");
    terminal
        .shows("must be one of Hello, Servus, Namaste")
        .await;
    terminal.shows("GREETING").await;
    terminal.press("Servus\r");
    terminal.shows("Execution completed.").await;

    let left = terminal.end().await.expect_code(0);
    assert!(!left.screen.contains('\x1b'), "{:?}", left.screen);
}

#[tokio::test]
async fn only_what_is_missing_is_asked_for_and_ctrl_c_sends_nothing() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub).with("TERM", "xterm");

    let args = ["execute", "say-hello", "WHO=you", "GREETING=Hello"];
    let mut terminal = Terminal::start(&user, &args);
    terminal.shows("How often").await;
    terminal.press(CTRL_C);

    let left = terminal.end().await.expect_code(130);
    assert!(left.screen.contains("Nothing was sent."), "{}", left.screen);
    assert!(stub.requests().iter().all(|one| one.method == "GET"));
}

#[tokio::test]
async fn off_a_terminal_all_missing_args_are_refused_before_anything_is_sent() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub).with("TERM", "xterm");
    let text = "say-hello needs args that are not given:";

    let ended = user
        .run(&["execute", "say-hello", "TIMES=1"])
        .await
        .expect_code(2);
    assert_eq!(
        ended.stderr,
        format!(
            "{text}\n  {:<40} Who is greeted (required; matches [a-z]+)\n  {:<40} How (required; one of Hello, Servus, Namaste)\nNothing was sent. Give them as ARG=VALUE or in a file with -f\n",
            "WHO", "GREETING"
        )
    );

    let terminal = Terminal::start(&user, &["execute", "say-hello", "--no-input"]);
    let left = terminal.end().await.expect_code(2);
    assert!(left.screen.contains(text), "{}", left.screen);
    assert!(stub.requests().iter().all(|one| one.method == "GET"));
}

#[tokio::test]
async fn unpublish_asks_and_enter_is_no() {
    let stub = Stub::start(service).await;
    let user = User::of(&stub).with("TERM", "xterm");

    let mut terminal = Terminal::start(&user, &["unpublish", "say-hello"]);
    terminal.shows("Do you want to unpublish it (y/N)?").await;
    terminal.press(ENTER);
    let left = terminal.end().await.expect_code(0);
    assert!(left.screen.contains("stays published"), "{}", left.screen);
    assert!(stub.requests().is_empty());

    let mut terminal = Terminal::start(&user, &["unpublish", "say-hello"]);
    terminal.shows("(y/N)?").await;
    terminal.press("y\r");
    let left = terminal.end().await.expect_code(0);
    assert!(left.screen.contains("Unpublished say-hello"));
    assert_eq!(stub.requests()[0].method, "DELETE");
}

#[tokio::test]
async fn giving_up_is_asked_for_and_enter_is_no() {
    let stub = Stub::start(|_| Reply::Json(200, execution("LOST"))).await;
    let user = User::of(&stub).with("TERM", "xterm");

    let mut terminal = Terminal::start(&user, &["stop", "42", "--force"]);
    terminal.shows("Do you want to give it up (y/N)?").await;
    terminal.press(ENTER);
    let left = terminal.end().await.expect_code(0);
    assert!(left.screen.contains("is not given up"), "{}", left.screen);
    assert!(stub.requests().is_empty());

    let mut terminal = Terminal::start(&user, &["stop", "42", "--force"]);
    terminal.shows("(y/N)?").await;
    terminal.press("y\r");
    terminal.end().await.expect_code(0);
    assert_eq!(stub.requests()[0].json()["force"], true);
}

#[tokio::test]
async fn config_shows_what_it_would_overwrite_and_enter_is_yes() {
    let user = User::new().with("TERM", "xterm");
    let path = user.write(
        "config/proctor.yaml",
        "PROCTOR_HOST: old\nACCESS_TOKEN: hunter2\n",
    );

    let mut terminal = Terminal::start(&user, &["config", "PROCTOR_HOST=new"]);
    terminal
        .shows("[Warning] This will overwrite current config:")
        .await;
    terminal.shows("PROCTOR_HOST: old").await;
    terminal.shows("Do you want to continue (Y/n)?").await;
    terminal.press("n\r");
    let left = terminal.end().await.expect_code(0);
    assert!(left.screen.contains("Skipped configuring proctor client"));
    assert!(!left.screen.contains("hunter2"), "{}", left.screen);
    assert!(std::fs::read_to_string(&path).unwrap().contains("old"));

    let mut terminal = Terminal::start(&user, &["config", "PROCTOR_HOST=new"]);
    terminal.shows("(Y/n)?").await;
    terminal.press(ENTER);
    let left = terminal.end().await.expect_code(0);
    assert!(
        left.screen
            .contains("Proctor client configured successfully")
    );
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "PROCTOR_HOST: new\n"
    );
}

#[tokio::test]
async fn a_secret_is_asked_for_without_showing_it() {
    let stub = Stub::start(|_| Reply::Text(204, "")).await;
    let user = User::of(&stub).with("TERM", "xterm");

    let mut terminal = Terminal::start(&user, &["secret", "set", "say-hello", "KEY"]);
    terminal.shows("Value of KEY for say-hello:").await;
    terminal.hides_what_is_typed().await;
    terminal.press("hunter2\r");
    let left = terminal.end().await.expect_code(0);

    assert!(!left.screen.contains("hunter2"), "{}", left.screen);
    assert_eq!(stub.requests()[0].json(), json!({"value": "hunter2"}));
    let refused = Terminal::start(&user, &["secret", "set", "p", "KEY", "--no-input"]);
    refused.end().await.expect_code(1);
}

#[tokio::test]
async fn tables_fit_the_terminal_and_colours_go_where_they_are_wanted() {
    let stub = Stub::start(|request| match request.path() {
        "/metadata" => Reply::Json(
            200,
            json!([{"name": "a", "description": "many words ".repeat(9)}]),
        ),
        _ => Reply::Json(200, json!({"executions": [{
            "id": 4_503_599_627_370_496_u64, "job_name": "a-proc-with-a-very-long-name", "name": "n",
            "image_tag": "", "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:00Z",
            "status": "RUNNING", "user_email": "somebody@example.org"}]})),
    })
    .await;
    let user = || User::of(&stub).with("TERM", "xterm");

    for args in [["list", "-otext"], ["history", "-otext"]] {
        let left = Terminal::of_width(&user(), &args, 90).end().await;
        let left = left.expect_code(0);
        assert!(left.screen.contains("\x1b[32m"), "green: {}", left.screen);
        let plain = anstream::adapter::strip_str(&left.screen).to_string();
        let widest = plain.lines().map(|line| line.trim_end().chars().count());
        assert!(widest.max().unwrap() <= 90, "{plain}");
    }
    for user in [
        user().with("NO_COLOR", "1"),
        User::of(&stub).with("TERM", "dumb"),
    ] {
        let left = Terminal::start(&user, &["list"]).end().await.expect_code(0);
        assert!(!left.screen.contains('\x1b'), "{:?}", left.screen);
    }
    let piped = Terminal::with_piped_stdout(&user(), &["list"]).end().await;
    assert_eq!(
        piped.expect_code(0).stdout,
        format!("{:<40} {}\n", "a", "many words ".repeat(9).trim_end())
    );
}
