use proctor_testkit::{WebAnswer, WebRequest, WebServer, wait_for_async};
use reqwest::Method;
use serde_json::{Value, json};

use crate::scene::Scene;

/// The value of a header.
pub fn header<'a>(request: &'a WebRequest, name: &str) -> &'a str {
    let found = request.headers.iter().find(|(known, _)| known == name);
    found.map_or("", |(_, value)| value)
}

fn body(request: &WebRequest) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

#[tokio::test]
async fn the_end_is_told_once_with_version_1_s_fields_and_all_the_others() {
    let server = WebServer::start(|_| WebAnswer::json("{}"));
    let scene = Scene::with(&[("PROCTOR_CALLBACK_ALLOW", &server.host())]).await;
    let url = server.url("/done?token=t");
    let id = scene.execute("gate", 3, Some(&url)).await;
    assert_eq!(server.asked(), []);
    scene.open("gate");

    let delivery = scene.delivered(id, &url).await;

    let asked = server.asked();
    let [request] = &asked[..] else {
        panic!("one request is expected, not {asked:?}")
    };
    assert_eq!(
        (request.method.as_str(), request.target.as_str()),
        ("POST", "/done?token=t")
    );
    assert_eq!(header(request, "content-type"), "application/json");
    assert_eq!(header(request, "proctor-delivery"), delivery["id"]);
    let told = body(request);
    assert_eq!(
        (&told["status"], &told["exit_code"]),
        (&"FAILED".into(), &3.into())
    );
    assert!(told["name"].as_str().unwrap().starts_with("proctor-"));
    assert_eq!(told["id"], id);
    assert_eq!(told["log_complete"], true);
    assert_eq!(delivery["attempts"], 1);
}

#[tokio::test]
async fn what_was_refused_is_told_too() {
    let server = WebServer::start(|_| WebAnswer::json("{}"));
    let scene = Scene::with(&[("PROCTOR_CALLBACK_ALLOW", &server.host())]).await;
    let url = server.url("/");
    let wish = json!({"name": "nosuch", "callback_url": url});

    let (status, answer) = scene.ask(Method::POST, "/execution", &wish).await;
    let id = answer["execution_id"].as_u64().unwrap();
    scene.delivered(id, &url).await;

    assert_eq!(status, 404, "{answer}");
    let told = body(&server.asked()[0]);
    assert_eq!(told["status"], "REQUIREMENT_NOT_MET");
    assert_eq!(told["log_complete"], true);
}

#[tokio::test]
async fn a_url_that_is_not_allowed_is_refused_with_the_request() {
    let scene = Scene::with(&[("PROCTOR_CALLBACK_ALLOW", "*, hooks.example:443")]).await;
    for (url, word) in [
        ("http://127.0.0.1:1/", "inner network"),
        ("http://169.254.169.254/latest", "inner network"),
        ("http://[::1]/", "inner network"),
        ("http://hooks.example/", "PROCTOR_CALLBACK_ALLOW"),
        ("ftp://hooks.example/", "http or https"),
        ("https://ann:pw@hooks.example/", "password"),
    ] {
        let wish = scene.wish("gate", 0, Some(url));

        let (status, answer) = scene.ask(Method::POST, "/execution", &wish).await;

        assert_eq!(status, 422, "{url}: {answer}");
        assert_eq!(answer["mistakes"][0]["at"], "callback_url");
        let message = answer["mistakes"][0]["message"].as_str().unwrap();
        assert!(message.contains(word), "{url}: {message}");
    }
}

#[tokio::test]
async fn with_no_host_allowed_there_are_no_callbacks() {
    let scene = Scene::with(&[]).await;
    let wish = scene.wish("gate", 0, Some("https://hooks.example/"));

    let (status, answer) = scene.ask(Method::POST, "/execution", &wish).await;

    assert_eq!(status, 422, "{answer}");
}

#[tokio::test]
async fn a_name_that_leads_inside_is_not_followed() {
    let server = WebServer::start(|_| WebAnswer::json("{}"));
    let scene = Scene::with(&[("PROCTOR_CALLBACK_ALLOW", "*")]).await;
    let url = server.url("/").replace("127.0.0.1", "localhost");
    let id = scene.execute("gate", 0, Some(&url)).await;
    scene.open("gate");

    let error = scene.failed(id, &url).await;

    assert!(error.contains("inner network"), "{error}");
    assert_eq!(server.asked(), []);
}

#[tokio::test]
async fn a_redirect_is_a_failure() {
    let inner = WebServer::start(|_| WebAnswer::json("{}"));
    let aim = inner.url("/secret");
    let server = WebServer::start(move |_| WebAnswer::status(307, "there").with("Location", &aim));
    let scene = Scene::with(&[("PROCTOR_CALLBACK_ALLOW", &server.host())]).await;
    let url = server.url("/");
    let id = scene.execute("gate", 0, Some(&url)).await;
    scene.open("gate");

    let error = scene.failed(id, &url).await;

    assert!(error.contains("307"), "{error}");
    assert_eq!(inner.asked(), []);
}

#[tokio::test]
async fn a_receiver_that_says_nothing_holds_up_nobody_else() {
    let silent = WebServer::start(|_| WebAnswer::Silence);
    let quick = WebServer::start(|_| WebAnswer::json("{}"));
    let allowed = format!("{},{}", silent.host(), quick.host());
    let scene = Scene::with(&[("PROCTOR_CALLBACK_ALLOW", &allowed)]).await;
    let (slow_url, url) = (silent.url("/"), quick.url("/"));
    let mut slow = Vec::new();
    for _ in 0..12 {
        slow.push(scene.execute("slow", 0, Some(&slow_url)).await);
    }
    let id = scene.execute("quick", 0, Some(&url)).await;
    scene.open("slow");
    wait_for_async("the silent one to be asked", async || {
        let asked = silent.asked().len();
        if asked >= 4 { Ok(()) } else { Err(asked) }
    })
    .await;
    scene.open("quick");

    scene.delivered(id, &url).await;

    for id in slow {
        assert_eq!(scene.deliveries(id).await[0]["state"], "pending");
    }
}
