use proctor_testkit::{Authority, MailServer, MailServerOptions, wait_for_async};
use reqwest::Method;
use serde_json::{Value, json};

use crate::scene::{LINES, Scene};

/// Variables for a server that speaks in the clear.
pub fn plain(server: &MailServer) -> Vec<(String, String)> {
    [
        ("PROCTOR_MAIL_SERVER_HOST", "127.0.0.1"),
        ("PROCTOR_MAIL_SERVER_PORT", &server.port().to_string()),
        ("PROCTOR_MAIL_FROM", "Proctor <proctor@example.com>"),
        ("PROCTOR_MAIL_TLS", "none"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

pub async fn scene(variables: &[(String, String)], more: &[(&str, &str)]) -> Scene {
    let variables = variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let all: Vec<_> = variables.chain(more.iter().copied()).collect();
    Scene::with(&all).await
}

pub async fn mails(server: &MailServer, count: usize) -> Vec<Value> {
    wait_for_async(&format!("{count} mails"), async || {
        let mails = server.mails();
        if mails.len() >= count {
            Ok(mails)
        } else {
            Err(mails)
        }
    })
    .await
}

#[tokio::test]
async fn each_address_gets_one_mail_with_all_that_is_known() {
    let server = MailServer::start(MailServerOptions::default());
    let scene = scene(&plain(&server), &[]).await;
    let id = scene
        .run_for(&["ann@example.com", "bob@example.com"], 3)
        .await;
    for address in ["ann@example.com", "bob@example.com"] {
        scene.delivered(id, address).await;
    }

    let mails = server.mails();

    assert_eq!(mails.len(), 2, "{mails:?}");
    let mail = mails
        .iter()
        .find(|mail| mail["to"][0] == "ann@example.com")
        .unwrap();
    let headers = &mail["headers"];
    assert_eq!(headers["subject"], "wait | scheduled execution FAILED");
    assert_eq!(headers["from"], "Proctor <proctor@example.com>");
    assert_eq!(headers["to"], "ann@example.com");
    assert_eq!(headers["auto-submitted"], "auto-generated");
    assert_eq!(mail["type"], "multipart/alternative");
    for name in ["date", "message-id", "mime-version", "content-type"] {
        assert!(headers[name].is_string(), "{name}: {mail}");
    }
    assert_eq!(mail["defects"], json!([]));
    let text = mail["parts"]["text/plain"].as_str().unwrap();
    for part in [
        "Name:\twait",
        &format!("ID:\t{id}"),
        "Status:\tFAILED",
        "Exit code:\t3",
        "Start:\t20",
        "End:\t20",
        "Duration:\t",
        LINES.trim_end(),
        "This is an auto-generated email",
    ] {
        let text = text.replace("\r\n", "\n");
        assert!(text.contains(part), "{part}: {text}");
    }
    let html = mail["parts"]["text/html"].as_str().unwrap();
    assert!(html.contains("last &lt;line&gt;"), "{html}");
}

#[tokio::test]
async fn over_tls_with_a_login() {
    let authority = Authority::new();
    let trusted = authority.path().display().to_string();
    for kind in ["starttls", "implicit"] {
        let server = MailServer::start(MailServerOptions {
            tls: Some((kind, authority.certify(&["localhost"]))),
            login: (kind == "starttls").then_some(("proctor@example.com", "pass word")),
        });
        let port = server.port().to_string();
        let mut variables = vec![
            ("PROCTOR_MAIL_SERVER_HOST", "localhost"),
            ("PROCTOR_MAIL_SERVER_PORT", &port),
            ("PROCTOR_MAIL_TLS", kind),
            ("SSL_CERT_FILE", &trusted),
            ("PROCTOR_MAIL_USERNAME", "proctor@example.com"),
        ];
        if kind == "starttls" {
            variables.push(("PROCTOR_MAIL_PASSWORD", "pass word"));
        }
        let scene = scene(&[], &variables).await;

        let id = scene.run_for(&["ann@example.com"], 0).await;
        scene.delivered(id, "ann@example.com").await;

        let mail = &server.mails()[0];
        assert_eq!(mail["protected"], true, "{kind}");
        assert_eq!(mail["login"], kind == "starttls");
        assert_eq!(mail["from"], "proctor@example.com");
    }
}

#[tokio::test]
async fn the_command_tells_what_the_server_said() {
    let mut server = MailServer::start(MailServerOptions::default());
    let folder = tempfile::tempdir().unwrap();
    let mut builder = proctor_testkit::Proctord::at(folder.path());
    for (name, value) in plain(&server) {
        builder = builder.env(&name, &value);
    }

    let sent = builder.run(&["mail", "test", "ann@example.com"]);
    let refused = builder.run(&["mail", "test", "refused@example.com"]);
    let wrong = builder.run(&["mail", "test", "ann"]);
    server.kill();
    let away = builder.run(&["mail", "test", "ann@example.com"]);

    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(
        String::from_utf8_lossy(&sent.stdout).contains("250 2.0.0 kept"),
        "{sent:?}"
    );
    for (ran, word) in [
        (&refused, "no such user"),
        (&wrong, "is no address"),
        (&away, "did not let us connect"),
    ] {
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.stderr.contains(word), "{ran:?}");
    }
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["headers"]["subject"], "Proctor | test mail");
}

#[tokio::test]
async fn what_a_schedule_fires_is_told_when_it_has_ended_and_only_of_failures_if_that_is_wanted() {
    let server = MailServer::start(MailServerOptions::default());
    let scene = scene(&plain(&server), &[]).await;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
    let fires = |to: &'static str, code, on: &'static str| {
        let wanted = json!({"at": soon.to_string(), "notify_on": on});
        let scene = &scene;
        async move { scene.schedule(to, code, &[to], wanted).await }
    };
    let failing = fires("ann@example.com", 3, "failure").await;
    let fine = fires("bob@example.com", 0, "failure").await;
    let told = fires("cy@example.com", 0, "always").await;

    let fired = async |schedule: u64| {
        let path = format!("/schedule/{schedule}/firings");
        wait_for_async("a firing", async || {
            let (_, page) = scene.ask(Method::GET, &path, &Value::Null).await;
            page["firings"][0]["execution_id"].as_u64().ok_or(page)
        })
        .await
    };
    let (failing, fine, told) = (fired(failing).await, fired(fine).await, fired(told).await);
    assert!(server.mails().is_empty(), "nothing has ended");
    for gate in ["ann@example.com", "bob@example.com", "cy@example.com"] {
        scene.open(gate);
    }
    wait_for_async("the end of what went well", async || {
        let path = format!("/execution/{fine}");
        let (_, execution) = scene.ask(Method::GET, &path, &Value::Null).await;
        let is_over = execution["status"] == "SUCCEEDED";
        if is_over { Ok(()) } else { Err(execution) }
    })
    .await;
    scene.delivered(failing, "ann@example.com").await;
    scene.delivered(told, "cy@example.com").await;

    let mails = server.mails();
    let mut to: Vec<_> = mails
        .iter()
        .map(|mail| mail["to"][0].as_str().unwrap())
        .collect();
    to.sort_unstable();
    assert_eq!(to, ["ann@example.com", "cy@example.com"]);
    assert_eq!(scene.deliveries(fine).await, Vec::<Value>::new());
}
