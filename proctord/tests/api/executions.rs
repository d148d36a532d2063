use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Service, send};

#[tokio::test]
async fn an_execution_is_answered_stored_and_shown_with_its_steps() {
    let service = Service::start();
    service
        .publish("quick", "echo hello; exit 3", json!({}))
        .await;

    let request = service
        .json(Method::POST, "/execution")
        .header("Email-Id", "me@example.com");
    let created = send(request.json(&json!({"name": "quick", "args": {"A": "1"}}))).await;
    let id = created.json()["id"].clone();
    let shown = service.wait_for(&id, "FAILED").await;
    let status = service.get(&format!("/execution/{id}/status")).await.json();

    assert_eq!(created.status, 201, "{created:?}");
    assert!(id.as_u64().unwrap() < 1 << 53);
    assert_eq!(shown["exit_code"], 3);
    assert_eq!(shown["user_email"], "me@example.com");
    assert_eq!(shown["args"], json!({"A": "1"}));
    let steps: Vec<_> = shown["transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["status"].clone())
        .collect();
    // A quick one may end before anybody has seen it running.
    let passed: Vec<_> = steps
        .iter()
        .filter(|status| **status != "RUNNING")
        .collect();
    assert_eq!(passed, ["RECEIVED", "CREATED", "FAILED"]);
    assert_eq!(status["status"], "FAILED");
    assert_eq!(status.get("transitions"), None);
    assert!(
        shown["name"].as_str().unwrap().starts_with("proctor-"),
        "{shown}"
    );
    let moment = |name: &str| {
        shown[name]
            .as_str()
            .unwrap()
            .parse::<jiff::Timestamp>()
            .unwrap()
    };
    assert!(moment("started_at") <= moment("finished_at"), "{shown}");
}

#[tokio::test]
async fn the_same_key_means_the_same_execution_and_another_body_is_a_conflict() {
    let service = Service::start();
    service.publish("keyed", "true", json!({})).await;
    let post = |user: &'static str, args: Value| {
        service
            .json(Method::POST, "/execution")
            .header("Idempotency-Key", "key-1")
            .header("Email-Id", user)
            .json(&json!({"name": "keyed", "args": args}))
    };

    let first = send(post("a@example.com", json!({}))).await;
    let again = send(post("a@example.com", json!({}))).await;
    let other_body = send(post("a@example.com", json!({"X": "1"}))).await;
    let other_user = send(post("b@example.com", json!({}))).await;
    let list = service.get("/execution").await.json();

    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(again.status, 201);
    assert_eq!(other_body.status, 409, "{other_body:?}");
    assert_ne!(first.json()["id"], other_user.json()["id"]);
    assert_eq!(list["executions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_refused_execution_repeated_under_its_key_is_refused_as_the_same() {
    let service = Service::start();
    let document = json!({"env_vars": {"args": [{"name": "A", "required": true}]}});
    service.publish("needs-a", "true", document).await;
    let post = || {
        service
            .json(Method::POST, "/execution")
            .header("Idempotency-Key", "k")
            .json(&json!({"name": "needs-a"}))
    };

    let first = send(post()).await;
    let again = send(post()).await;

    assert_eq!(
        (first.status.as_u16(), again.status.as_u16()),
        (422, 422),
        "{first:?}"
    );
    assert_eq!(
        first.json()["mistakes"],
        json!([{"at": "args.A", "message": "is required"}])
    );
    assert_eq!(first.json()["execution_id"], again.json()["execution_id"]);
    assert_eq!(first.json()["mistakes"], again.json()["mistakes"]);
}

#[tokio::test]
async fn an_unknown_proc_is_404_and_the_try_is_kept() {
    let service = Service::start();

    let answer = service.post("/execution", &json!({"name": "nosuch"})).await;
    let list = service.get("/execution?proc=nosuch").await.json();

    assert_eq!(answer.status, 404, "{answer:?}");
    assert_eq!(answer.json()["type"], "/problems/unknown-proc");
    assert_eq!(list["executions"][0]["status"], "REQUIREMENT_NOT_MET");
}

#[tokio::test]
async fn lists_are_filtered_and_come_in_pages_without_gap_or_double() {
    let service = Service::start();
    service.publish("one", "exit 1", json!({})).await;
    service.publish("two", "true", json!({})).await;
    for _ in 0..5 {
        service.execute("one").await;
        service.execute("two").await;
    }

    let mut pages = Vec::new();
    let mut path = "/execution?proc=one&limit=2".to_owned();
    loop {
        let page = service.get(&path).await.json();
        pages.push(page["executions"].as_array().unwrap().clone());
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/execution?proc=one&limit=2&cursor={cursor}");
    }
    let ids: Vec<_> = pages
        .concat()
        .iter()
        .map(|execution| execution["id"].as_u64().unwrap())
        .collect();
    let everything = service.get("/execution").await.json();
    let since = everything["executions"][4]["created_at"]
        .as_str()
        .unwrap()
        .to_owned();
    let newer = service
        .get(&format!("/execution?since={since}"))
        .await
        .json();
    let older = service
        .get(&format!("/execution?until={since}"))
        .await
        .json();

    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    assert!(ids.is_sorted_by(|newer, older| newer > older), "{ids:?}");
    let count = |page: &Value| page["executions"].as_array().unwrap().len();
    assert_eq!(
        (count(&everything), count(&newer), count(&older)),
        (10, 5, 5)
    );
}

#[tokio::test]
async fn a_stop_is_stored_and_repeating_it_is_harmless() {
    let service = Service::start();
    service.publish("endless", "sleep 600", json!({})).await;
    let id = service.execute("endless").await["id"].clone();
    service.wait_for(&id, "RUNNING").await;
    let path = format!("/execution/{id}/stop");

    let first = send(
        service
            .json(Method::POST, &path)
            .header("Email-Id", "me@example.com"),
    )
    .await;
    let again = service.post(&path, &json!({"grace_seconds": 0})).await;
    let stopped = service.wait_for(&id, "STOPPED").await;
    let after = service.post(&path, &json!({})).await;
    let wrong = service.post(&path, &json!({"grace": 1})).await;

    assert_eq!(
        (
            first.status.as_u16(),
            again.status.as_u16(),
            after.status.as_u16()
        ),
        (200, 200, 200)
    );
    assert_eq!(stopped["stop_requested"]["by"], "me@example.com");
    assert_eq!(after.json()["status"], "STOPPED");
    assert_eq!(wrong.status, 400, "{wrong:?}");
}

#[tokio::test]
async fn a_proc_without_a_command_does_not_run_here() {
    let service = Service::start();
    let document = json!([{"name": "image-only", "image_name": "image:1"}]);
    assert_eq!(service.post("/metadata", &document).await.status, 201);

    let answer = service
        .post("/execution", &json!({"name": "image-only"}))
        .await;

    assert_eq!(answer.status, 422, "{answer:?}");
    assert!(answer.body.contains("needs a command"), "{answer:?}");
}

/// A client that goes before it has its answer leaves no execution behind that nobody launches.
#[tokio::test]
async fn what_was_accepted_is_launched_even_if_its_client_has_gone() {
    use tokio::io::AsyncWriteExt;
    let service = Service::start();
    service.publish("orphan", "true", json!({})).await;
    let body = json!({"name": "orphan"}).to_string();
    let request = format!(
        "POST /execution HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n{body}",
        service.proctord.address(),
        body.len()
    );

    for _ in 0..50 {
        let mut connection = tokio::net::TcpStream::connect(service.proctord.address())
            .await
            .unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        // Dropped at once, with the answer unread.
    }
    // A last one that stays, so that those before have been taken in.
    let last = service.execute("orphan").await;
    service.wait_for(&last["id"], "SUCCEEDED").await;

    proctor_testkit::wait_for_async("every execution to succeed", async || {
        let page = service.get("/execution?limit=100").await.json();
        let executions = page["executions"].as_array().unwrap().clone();
        let waiting: Vec<_> = executions
            .into_iter()
            .filter(|one| one["status"] != "SUCCEEDED")
            .collect();
        if waiting.is_empty() {
            Ok(())
        } else {
            Err(waiting)
        }
    })
    .await;
}
