use proctor_testkit::kubernetes::Kubernetes;
use serde_json::{Value, json};

use crate::client::{Api, JOBS, suspended_job};

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect()
}

fn revision(list: &Value) -> &str {
    list["metadata"]["resourceVersion"].as_str().unwrap()
}

/// Three Jobs, of which one is deleted, one changed and one added after the first page was read.
async fn changed_after_the_first_page(api: &Api) -> Value {
    for name in ["a", "c", "d"] {
        api.post(JOBS, &suspended_job(name)).await;
    }
    let (_, first) = api.get(&format!("{JOBS}?limit=1")).await;
    assert_eq!(names(&first), ["a"]);
    api.delete(&format!("{JOBS}/c"), &json!({})).await;
    let label = json!({"metadata": {"labels": {"colour": "red"}}});
    api.patch(&format!("{JOBS}/d"), &label).await;
    api.post(JOBS, &suspended_job("b")).await;
    first
}

#[tokio::test]
async fn the_pages_of_a_list_are_one_snapshot() {
    let api = Api::start();
    let first = changed_after_the_first_page(&api).await;
    let token = first["metadata"]["continue"].as_str().unwrap();

    let (_, second) = api.get(&format!("{JOBS}?limit=5&continue={token}")).await;

    assert_eq!(names(&second), ["c", "d"]);
    assert_eq!(
        second["items"][1]["metadata"]["labels"]["colour"],
        json!(null)
    );
    assert_eq!(revision(&second), revision(&first));
    let (_, now) = api.get(JOBS).await;
    assert_eq!(names(&now), ["a", "b", "d"]);
}

#[tokio::test]
async fn a_page_whose_snapshot_is_forgotten_is_410() {
    let api = Api::start();
    let first = changed_after_the_first_page(&api).await;
    let token = first["metadata"]["continue"].as_str().unwrap();
    api.double.compact();

    let (status, body) = api.get(&format!("{JOBS}?limit=5&continue={token}")).await;

    assert_eq!((status, &body["reason"]), (410, &json!("Expired")));
}

#[tokio::test]
async fn a_list_is_asked_for_at_a_revision() {
    let api = Api::start();
    let first = changed_after_the_first_page(&api).await;
    let at = revision(&first);
    let ask = async |query: &str| api.get(&format!("{JOBS}?{query}")).await;

    let (_, then) = ask(&format!("resourceVersion={at}&resourceVersionMatch=Exact")).await;
    assert_eq!((names(&then), revision(&then)), (vec!["a", "c", "d"], at));
    let (_, since) = ask(&format!("resourceVersion={at}&limit=1")).await;
    assert_eq!(names(&since), ["a"]);
    let (_, any) = ask("resourceVersion=0&resourceVersionMatch=NotOlderThan&limit=1").await;
    assert_eq!(names(&any), ["a", "b", "d"]);
    let (status, body) = ask("resourceVersion=1000").await;
    assert_eq!((status, &body["reason"]), (504, &json!("Timeout")));
    for (senseless, status) in [
        ("resourceVersionMatch=Exact", 422),
        ("resourceVersion=0&resourceVersionMatch=Exact", 422),
        ("resourceVersion=1&resourceVersionMatch=Roughly", 422),
        ("sendInitialEvents=true", 422),
        ("continue=2:procs:a&resourceVersion=2", 400),
        ("continue=2:procs:a&resourceVersionMatch=Exact", 422),
        ("continue=x", 400),
    ] {
        assert_eq!(ask(senseless).await.0, status, "{senseless}");
    }
}

#[tokio::test]
async fn a_list_by_label_follows_the_labels() {
    let api = Api::of(Kubernetes::start());
    changed_after_the_first_page(&api).await;
    let red = async || {
        let (_, list) = api.get(&format!("{JOBS}?labelSelector=colour%3Dred")).await;
        names(&list).join(" ")
    };
    assert_eq!(red().await, "d");

    for (name, colour) in [("d", "blue"), ("a", "red"), ("b", "red")] {
        let label = json!({"metadata": {"labels": {"colour": colour}}});
        api.patch(&format!("{JOBS}/{name}"), &label).await;
    }
    api.delete(&format!("{JOBS}/b"), &json!({})).await;

    assert_eq!(red().await, "a");
}
