//! The least that a launch must ask of a cluster: one POST and one PATCH, by a client that does nothing else.

use std::time::Instant;

use futures::{StreamExt, stream};
use proctor_testkit::kubernetes::Kubernetes;
use serde_json::{Value, json};

use super::{NAMESPACE, PARALLEL};

/// Nobody watches what is in there.
const ELSEWHERE: &str = "elsewhere";

/// Enough to be measured.
const MOST: usize = 1_000;

/// How many Jobs like those of proctord can be created and let run in a second, and deletes them.
pub(super) async fn creates_and_patches(
    double: &Kubernetes,
    http: &reqwest::Client,
    jobs: usize,
) -> f64 {
    let like = template(double);
    let jobs = jobs.min(MOST);
    let collection = format!("{}/apis/batch/v1/namespaces/{ELSEWHERE}/jobs", double.url());
    let collection = &collection;
    let launch = |number: usize| {
        let mut job = like.clone();
        let name = format!("bare-{number}");
        job["metadata"]["name"] = name.as_str().into();
        async move {
            let created = http.post(collection).json(&job).send().await.unwrap();
            assert_eq!(created.status(), 201);
            created.bytes().await.unwrap();
            let path = format!("{collection}/{name}");
            patch(http, &path, &json!({"spec": {"suspend": false}})).await;
        }
    };
    let began = Instant::now();
    let launched = stream::iter(0..jobs).map(launch);
    let launched = launched.buffer_unordered(PARALLEL).count().await;
    let per_second = launched as f64 / began.elapsed().as_secs_f64();
    let gone = http
        .delete(format!("{collection}?propagationPolicy=Background"))
        .send()
        .await
        .unwrap();
    assert_eq!(gone.status(), 200);
    gone.bytes().await.unwrap();
    per_second
}

/// One of proctord's Jobs, as it was sent.
fn template(double: &Kubernetes) -> Value {
    let ledger = double.ledger();
    let job = ledger.jobs.first().expect("proctord has created Jobs");
    let mut job = double.object("jobs", NAMESPACE, &job.name).unwrap();
    let fields = job.as_object_mut().unwrap();
    fields.remove("status");
    let metadata = fields["metadata"].as_object_mut().unwrap();
    metadata.retain(|field, _| field == "labels" || field == "annotations");
    job["spec"]["suspend"] = true.into();
    // Its own labels and selector are made anew for each Job.
    let spec = job["spec"].as_object_mut().unwrap();
    spec.remove("selector");
    let labels = spec["template"]["metadata"]["labels"].as_object_mut();
    labels
        .unwrap()
        .retain(|name, _| !name.ends_with("controller-uid") && !name.ends_with("job-name"));
    let environment = spec["template"]["spec"]["containers"][0]["env"].as_array_mut();
    for variable in environment.into_iter().flatten() {
        // It would count as a run of the execution otherwise.
        if variable["name"] == "EXECUTION_ID" {
            variable["name"] = "EXECUTION_NONE".into();
        }
    }
    job
}

pub(super) async fn patch(http: &reqwest::Client, url: &str, body: &Value) {
    let request = http.patch(url).body(body.to_string());
    let request = request.header("content-type", "application/merge-patch+json");
    let patched = request.send().await.unwrap();
    assert_eq!(patched.status(), 200, "{url}");
    patched.bytes().await.unwrap();
}
