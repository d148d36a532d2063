use reqwest::Method;
use serde_json::json;

use crate::support::{Service, send};

const CANARY: &str = "canary-7f3a-value";

#[tokio::test]
async fn secrets_are_set_replaced_and_given_to_the_proc_only() {
    let service = Service::start();
    let declared = json!({"env_vars": {"secrets": [{"name": "ONE"}, {"name": "TWO"}]}});
    service
        .publish(
            "secretive",
            "test \"$ONE\" = 1 && test \"${#TWO}\" = 17",
            declared,
        )
        .await;

    let all = service
        .post(
            "/secret",
            &json!({"job_name": "secretive", "secrets": {"TWO": "2"}}),
        )
        .await;
    let put = |key: &str, value: &str| {
        service
            .json(Method::PUT, &format!("/secret/secretive/{key}"))
            .json(&json!({"value": value}))
    };
    let one = send(put("ONE", "1")).await;
    let two = send(put("TWO", CANARY)).await;
    let execution = service.execute("secretive").await;
    service.wait_for(&execution["id"], "SUCCEEDED").await;

    assert_eq!(all.status, 201);
    assert_eq!((one.status.as_u16(), two.status.as_u16()), (200, 204));
    let warning = "ONE is not masked in logs: only values of 6 bytes and more are";
    assert_eq!(one.json(), json!({"warnings": [warning]}));
    assert_eq!(all.json()["warnings"].as_array().unwrap().len(), 1);
    assert_eq!(two.body, "");
    for path in [
        "/metadata",
        "/execution",
        &format!("/execution/{}", execution["id"]),
    ] {
        assert!(!service.get(path).await.body.contains(CANARY), "{path}");
    }
    assert!(!service.proctord.log().contains(CANARY));
    let mut files = vec![service.proctord.data_dir().to_owned()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(
                std::fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if let Ok(content) = std::fs::read(&path) {
            let found = content
                .windows(CANARY.len())
                .any(|window| window == CANARY.as_bytes());
            assert!(!found, "{} holds the secret", path.display());
        }
    }
}

#[tokio::test]
async fn a_client_of_the_go_system_is_told_no_warnings() {
    let service = Service::start();
    let set = service
        .plain(Method::PUT, "/secret/secretive/ONE")
        .json(&json!({"value": "1"}));
    let replace = service
        .plain(Method::POST, "/secret")
        .json(&json!({"job_name": "secretive", "secrets": {"TWO": "2"}}));

    let (set, replace) = (send(set).await, send(replace).await);

    assert_eq!((set.status.as_u16(), set.body.as_str()), (204, ""));
    assert_eq!((replace.status.as_u16(), replace.body.as_str()), (201, ""));
}

#[tokio::test]
async fn bad_secrets_are_refused_without_a_word_of_their_values() {
    let service = Service::start();
    let put = |path: &str, body: String| service.json(Method::PUT, path).body(body);

    for (path, body, status) in [
        ("/secret/x/PATH", json!({"value": CANARY}).to_string(), 422),
        (
            "/secret/x/bad-key",
            json!({"value": CANARY}).to_string(),
            422,
        ),
        ("/secret/-x/KEY", json!({"value": CANARY}).to_string(), 422),
        (
            "/secret/x/KEY",
            json!({"value": format!("{CANARY}\u{0}")}).to_string(),
            422,
        ),
        ("/secret/x/KEY", json!(CANARY).to_string(), 400),
        ("/secret/x/KEY", format!("{{\"value\": {CANARY}"), 400),
    ] {
        let answer = send(put(path, body)).await;
        assert_eq!(answer.status, status, "{path}: {answer:?}");
        assert!(!answer.body.contains(CANARY), "{path}: {answer:?}");
    }
    assert!(!service.proctord.log().contains(CANARY));
}

/// S5: they could be neither listed nor deleted.
#[tokio::test]
async fn s5_secrets_are_listed_by_name_and_removed_one_by_one() {
    let service = Service::start();
    let secrets = json!({"B": CANARY, "A": CANARY});
    let body = json!({"job_name": "kept", "secrets": secrets});
    assert_eq!(service.post("/secret", &body).await.status, 201);
    let delete = async |path: &str| send(service.json(Method::DELETE, path)).await;

    let listed = service.get("/secret/kept").await;
    let removed = delete("/secret/kept/A").await;
    let again = delete("/secret/kept/A").await;
    let left = service.get("/secret/kept").await;

    assert_eq!(listed.json(), json!({"names": ["A", "B"]}));
    assert!(!listed.body.contains(CANARY));
    assert_eq!((removed.status.as_u16(), removed.body.as_str()), (204, ""));
    assert_eq!(again.status, 404, "{again:?}");
    assert_eq!(again.json()["type"], "/problems/unknown-secret");
    assert_eq!(left.json(), json!({"names": ["B"]}));
    assert_eq!(service.get("/secret/nosuch").await.status, 404);
    assert_eq!(delete("/secret/-x/not-a-name").await.status, 404);
    let sample = service.get("/secret/count-down").await;
    assert_eq!(sample.json(), json!({"names": []}));
    assert!(
        service
            .audit()
            .await
            .contains(&" secret.remove kept/A".to_owned())
    );
}
