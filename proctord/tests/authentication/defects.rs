//! What version 2 let people do that they should not, each by the name that the list of its defects has.

use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::site::{Proof, Site, email, prove, send, token};

/// S1: the middleware looked at `name`, the handler at `jobName`.
#[tokio::test]
async fn s1_one_name_is_asked_about_and_the_same_one_runs() {
    let site = Site::start();
    site.publish("public", &[], "true").await;
    site.publish("restricted", &["vault"], "true").await;

    for body in [
        json!({"name": "public", "jobName": "restricted"}),
        json!({"jobName": "restricted", "name": "public"}),
        json!({"name": "public", "job_name": "restricted", "proc": "restricted"}),
    ] {
        let answer = site.ask("none", Method::POST, "/execution", &body).await;
        if answer.status == 201 {
            let id = answer.json()["id"].to_string();
            let execution = site.get("root", &format!("/execution/{id}")).await.json();
            assert_eq!(execution["job_name"], "public", "{execution}");
        } else {
            assert!(matches!(answer.status, 400 | 422), "{body}: {answer:?}");
        }
    }
    let only = json!({"jobName": "restricted"});
    let answer = site.ask("none", Method::POST, "/execution", &only).await;
    assert!(matches!(answer.status, 400 | 422), "{answer:?}");
    let twice = site.request(Method::POST, "/execution", Proof::Token("none", "none"));
    let twice = twice.header("Accept", "application/json");
    let answer = send(twice.body(r#"{"name": "public", "name": "restricted"}"#)).await;
    assert_ne!(answer.status, 201, "{answer:?}");
    let page = site.get("root", "/execution?proc=restricted").await.json();
    assert_eq!(page["executions"], json!([]), "{page}");
}

/// S2: status, output and args of all executions were for everybody.
#[tokio::test]
async fn s2_what_others_ran_is_read_by_those_who_may_run_it() {
    let site = Site::start();
    site.publish("restricted", &["vault"], "echo canary-51ab")
        .await;
    let id = site.execute("root", "restricted").await;

    for path in [
        format!("/execution/{id}"),
        format!("/execution/{id}/status"),
        format!("/execution/{id}/logs"),
        format!("/execution/logs?context_id={id}"),
    ] {
        let answer = site.get("all", &path).await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
        assert!(!answer.body.contains("canary"), "{path}: {answer:?}");
    }
    let stop = format!("/execution/{id}/stop");
    let answer = site.ask("all", Method::POST, &stop, &json!({})).await;
    assert_eq!(answer.status, 403, "{answer:?}");
    let log = site.get("root", &format!("/execution/{id}/logs")).await;
    assert_eq!(log.body, "canary-51ab\n", "{log:?}");
}

/// S2, over a websocket: who may not read it has no websocket.
#[tokio::test]
async fn s2_a_websocket_is_opened_for_those_who_may_read_the_log() {
    let site = Site::start();
    site.publish("restricted", &["vault"], "echo line").await;
    let id = site.execute("root", "restricted").await;
    let open = async |who: Option<&str>| {
        let url = format!(
            "ws://{}/execution/logs?context_id={id}",
            site.proctord.address()
        );
        let mut request = url.into_client_request().unwrap();
        if let Some(who) = who {
            let headers = request.headers_mut();
            headers.insert("Email-Id", email(who).parse().unwrap());
            headers.insert("Access-Token", token(who).parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((_socket, answer)) => answer.status().as_u16(),
            Err(tokio_tungstenite::tungstenite::Error::Http(answer)) => answer.status().as_u16(),
            Err(error) => panic!("{error}"),
        }
    };

    assert_eq!(open(Some("root")).await, 101);
    assert_eq!(open(Some("all")).await, 403);
    assert_eq!(open(None).await, 401);
}

/// S2: of a proc that is gone, the groups under which it was executed count.
#[tokio::test]
async fn s2_the_groups_of_today_count_and_of_what_is_gone_those_of_then() {
    let site = Site::start();
    site.publish("moving", &["ops"], "true").await;
    let id = site.execute("some", "moving").await;
    let path = format!("/execution/{id}");
    let status = async |who| site.get(who, &path).await.status;
    assert_eq!((status("some").await, status("none").await), (200, 403));

    site.publish("moving", &["ops", "db"], "true").await;
    assert_eq!((status("some").await, status("all").await), (403, 200));

    let unpublish = "/metadata/moving";
    let gone = site
        .ask("root", Method::DELETE, unpublish, &json!({}))
        .await;
    assert_eq!(gone.status, 204, "{gone:?}");
    assert_eq!((status("some").await, status("none").await), (200, 403));
}

/// S3: whoever asked could write who had asked.
#[tokio::test]
async fn s3_nobody_writes_who_has_asked() {
    let site = Site::start();
    site.publish("hello", &[], "true").await;

    let body =
        json!({"name": "hello", "user_email": "root@example.org", "userEmail": "root@example.org"});
    let answer = site.ask("some", Method::POST, "/execution", &body).await;

    if answer.status == 201 {
        let id = answer.json()["id"].to_string();
        let execution = site.get("root", &format!("/execution/{id}")).await.json();
        assert_eq!(execution["user_email"], email("some"), "{execution}");
    } else {
        assert!(matches!(answer.status, 400 | 422), "{answer:?}");
    }
}

/// A cursor of a foreign execution would tell of it, and with filters who ran what and when.
#[tokio::test]
async fn s2_a_list_says_nothing_of_what_others_ran_and_leaves_out_nothing_of_one_s_own() {
    let site = Site::start();
    site.publish("restricted", &["vault"], "true").await;
    site.publish("shared", &["ops"], "true").await;
    let mut own = Vec::new();
    for _ in 0..3 {
        own.insert(0, site.execute("all", "shared").await);
        site.execute("root", "restricted").await;
    }

    let foreign = site.get("some", "/execution?proc=restricted&limit=1").await;
    let nothing: serde_json::Value = foreign.json();
    let mut listed = Vec::new();
    let mut path = "/execution?limit=1".to_owned();
    loop {
        let page = site.get("some", &path).await.json();
        let executions = page["executions"].as_array().unwrap();
        listed.extend(executions.iter().map(|one| one["id"].as_u64().unwrap()));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/execution?limit=1&cursor={cursor}");
    }

    assert_eq!(nothing["executions"].as_array().unwrap().len(), 0);
    assert!(nothing["next_cursor"].is_null(), "{nothing}");
    assert_eq!(listed, own);
}

/// S11: the names of secrets and groups of every proc were for everybody, and the address could be made up.
#[tokio::test]
async fn s11_what_somebody_may_not_run_they_do_not_see() {
    let site = Site::start();
    site.publish("restricted", &["vault"], "true").await;

    let list = site.get("some", "/metadata").await;
    assert_eq!(list.status, 200, "{list:?}");
    assert!(!list.body.contains("vault"), "{list:?}");
    for path in ["/metadata/restricted", "/secret/restricted"] {
        let answer = site.get("some", path).await;
        assert_eq!(answer.status, 403, "{path}: {answer:?}");
        assert!(!answer.body.contains("vault"), "{path}: {answer:?}");
    }
    let made_up = site.request(Method::GET, "/metadata", Proof::Nothing);
    let answer = send(made_up.header("Email-Id", email("root"))).await;
    assert_eq!(answer.status, 401, "{answer:?}");
}

/// Giving up an execution takes an admin who may also stop it.
#[tokio::test]
async fn a_forced_stop_takes_the_groups_and_an_admin() {
    let site = Site::start();
    site.publish("shared", &["ops"], "true").await;
    let id = site.execute("root", "shared").await;
    let force = async |who| {
        let path = format!("/execution/{id}/stop");
        let body = json!({"force": true});
        site.ask(who, Method::POST, &path, &body).await.status
    };

    assert_eq!(force("some").await, 403);
    assert_eq!(force("admin").await, 403);
    assert_eq!(force("root").await, 200);
}

/// A page of another site has no credentials, whatever it says about where it is from.
#[tokio::test]
async fn foreign_pages_have_nothing_to_show() {
    let site = Site::start();
    let client = site.client_elsewhere();
    let page = |request: reqwest::RequestBuilder| {
        request
            .header("Origin", "https://evil.example")
            .header("Host", "proctor.example.com")
    };

    let without = send(page(client.get(site.url("/metadata")))).await;
    assert_eq!(without.status, 401, "{without:?}");
    assert!(!without.headers.contains_key("access-control-allow-origin"));
    // Behind a proxy the service has many names.
    let with = prove(client.get(site.url("/metadata")), Proof::Bearer("all"));
    assert_eq!(send(page(with)).await.status, 200);
}
