use reqwest::Method;
use serde_json::json;

use crate::support::{Service, send};

#[tokio::test]
async fn what_was_published_is_listed_by_name_and_shown() {
    let service = Service::start();
    service
        .publish("zebra", "true", json!({"description": "last"}))
        .await;
    service
        .publish("aardvark", "true", json!({"description": "first"}))
        .await;

    let list = service.get("/metadata").await;
    let one = service.get("/metadata/zebra").await;
    let none = service.get("/metadata/nosuch").await;

    let names: Vec<_> = list
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|proc| proc["name"].clone())
        .collect();
    assert_eq!(
        names,
        [
            "aardvark",
            "count-down",
            "fail-on-purpose",
            "say-hello",
            "zebra"
        ]
    );
    assert_eq!(list.content_type, "application/json");
    assert_eq!(one.json()["description"], "last");
    assert_eq!(none.status, 404);
    assert_eq!(none.json()["type"], "/problems/unknown-proc");
}

#[tokio::test]
async fn a_list_is_published_whole_or_not_at_all() {
    let service = Service::start();
    let documents =
        json!([{"name": "good", "command": ["true"]}, {"name": "bad", "comand": ["true"]}]);

    let refused = service.post("/metadata", &documents).await;

    assert_eq!(refused.status, 422, "{refused:?}");
    let problem = refused.json();
    let places: Vec<_> = problem["mistakes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["at"].clone())
        .collect();
    assert_eq!(places, ["[1].comand", "[1]"], "{problem}");
    assert_eq!(service.get("/metadata/good").await.status, 404);
}

#[tokio::test]
async fn the_go_systems_client_gets_an_empty_201_and_plain_refusals() {
    let service = Service::start();
    let document = json!([{
        "name": "old", "description": "d", "image_name": "image:1",
        "env_vars": {"secrets": [], "args": [{"name": "A", "description": "a"}]},
        "authorized_groups": null, "author": "", "contributors": "", "organization": ""
    }]);

    let published = send(
        service
            .plain(Method::POST, "/metadata")
            .body(document.to_string()),
    )
    .await;
    let malformed = send(service.plain(Method::POST, "/metadata").body("{")).await;

    assert_eq!(
        (published.status.as_u16(), published.body.as_str()),
        (201, "")
    );
    assert_eq!(
        (malformed.status.as_u16(), malformed.body.as_str()),
        (400, "malformed request")
    );
    assert!(
        malformed.content_type.starts_with("text/plain"),
        "{malformed:?}"
    );
}

#[tokio::test]
async fn a_publisher_is_told_what_is_missing_and_what_is_unusual() {
    let service = Service::start();
    let document = json!([{
        "name": "told", "image_name": "image:1", "resources": {"memory": "64Mi"},
        "env_vars": {"secrets": [{"name": "KEY"}], "args": [{"name": "A"}]}
    }]);

    let answer = service.post("/metadata", &document).await.json();

    let told = &answer["published"][0];
    assert_eq!(told["missing_secrets"], json!(["KEY"]));
    let warnings = told["warnings"].to_string();
    for word in ["does not declare", "resources", "needs a command"] {
        assert!(warnings.contains(word), "{word} is not in {warnings}");
    }
}

#[tokio::test]
async fn metadata_whose_bundle_nobody_uploaded_is_refused() {
    let service = Service::start();
    let digest = format!("sha256:{}", "0".repeat(64));

    let refused = service
        .post(
            "/metadata",
            &json!([{"name": "x", "command": ["./x"], "bundle": digest}]),
        )
        .await;

    assert_eq!(refused.status, 422, "{refused:?}");
    assert_eq!(refused.json()["mistakes"][0]["at"], "[0].bundle");
}

#[tokio::test]
async fn an_unpublished_proc_is_gone_and_what_it_has_done_stays() {
    let service = Service::start();
    service.publish("passing", "true", json!({})).await;
    service.publish("leaving", "true", json!({})).await;
    for name in ["passing", "leaving"] {
        let secret = json!({"value": "long enough"});
        let set = service.json(Method::PUT, &format!("/secret/{name}/KEY"));
        assert_eq!(send(set.json(&secret)).await.status, 204);
    }
    let id = service.execute("passing").await["id"].clone();
    service.wait_for(&id, "SUCCEEDED").await;
    let delete = async |path: &str| {
        let request = service.json(Method::DELETE, path);
        send(request.header("Email-Id", "ops@example.com")).await
    };

    let gone = delete("/metadata/passing").await;
    let again = delete("/metadata/passing").await;
    let with_secrets = delete("/metadata/leaving?secrets=true").await;
    let rerun = service
        .post(&format!("/execution/{id}/rerun"), &json!(null))
        .await;

    assert_eq!((gone.status.as_u16(), gone.body.as_str()), (204, ""));
    assert_eq!(again.status, 404, "{again:?}");
    assert_eq!(again.json()["type"], "/problems/unknown-proc");
    assert_eq!(with_secrets.status, 204);
    assert_eq!(service.get("/metadata/passing").await.status, 404);
    let shown = service.get(&format!("/execution/{id}")).await.json();
    assert_eq!(shown["status"], "SUCCEEDED");
    let names = service.get("/secret/passing").await.json();
    assert_eq!(names, json!({"names": ["KEY"]}));
    assert_eq!(service.get("/secret/leaving").await.status, 404);
    assert_eq!(rerun.status, 404, "{rerun:?}");
    let audit = service.audit().await;
    for row in [
        "ops@example.com metadata.unpublish passing",
        "ops@example.com metadata.unpublish-with-secrets leaving",
    ] {
        let rows = audit.iter().filter(|found| *found == row).count();
        assert_eq!(rows, 1, "{row}: {audit:?}");
    }
}
