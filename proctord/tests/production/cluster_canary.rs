use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{Proctord, wait_for_async};
use serde_json::{Value, json};

use crate::places::{assert_absent, database, is_in, redis};
use crate::site::{
    Site, execute, get, post, publish, request, send, wait_for_status, wait_until_ready,
};

const NAMESPACE: &str = "procs";
const CANARY: &str = "canary-b5e1d0-of-the-cluster";

/// Whatever becomes of an execution, the value of its secret is in the Secret that its Job owns, and nowhere else.
#[tokio::test]
async fn a_secret_is_found_in_the_secret_of_its_job_alone() {
    let site = Site::new();
    let double = Kubernetes::builder().records_requests().start();
    let proctord = start(&site, &double).await;
    publish_procs(&proctord).await;

    let (ids, while_they_run) = execute_all(&site, &double, &proctord).await;

    for (place, text) in [
        ("answers", answers(&proctord, &ids).await),
        ("the command line", outputs(&proctord, &ids)),
        ("refusals", refusals(&proctord).await),
        ("Postgres", database(&site)),
        ("Postgres while they run", while_they_run),
        ("Redis", redis(&site)),
        ("Jobs", format!("{:?}", double.versions("jobs"))),
        ("Pods", format!("{:?}", double.versions("pods"))),
        ("Events", format!("{:?}", double.versions("events"))),
        ("the log", proctord.log()),
    ] {
        assert_absent(CANARY, place, &text);
    }
    assert_owned(&double, ids.len());
    assert_told_once(&double);
}

async fn start(site: &Site, double: &Kubernetes) -> Proctord {
    site.migrate();
    let kubeconfig = double.kubeconfig(NAMESPACE);
    let proctord = site
        .proctord()
        .env("PROCTOR_LOG_LEVEL", "trace")
        .env("PROCTOR_RUNNER", "kubernetes")
        .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
        // An image that cannot be pulled is to be given up within the time of a test.
        .env("PROCTOR_KUBE_START_PATIENCE", "2s")
        .start();
    wait_until_ready(&proctord).await;
    proctord
}

/// Procs that each come to another end, with a secret of the same value.
async fn publish_procs(proctord: &Proctord) {
    let until_killed = "echo \"it is $TOKEN\"; while :; do sleep 0.05; done";
    let told = format!("trap 'echo \"told $TOKEN\"; exit 9' TERM; {until_killed}");
    for (name, image, line) in [
        ("printing", "busybox:1.36", "echo \"it is $TOKEN\""),
        ("unpullable", "registry.example/absent:1", "true"),
        ("greedy", "busybox:1.36", until_killed),
        ("stoppable", "busybox:1.36", told.as_str()),
        ("unstartable", "busybox:1.36", ""),
    ] {
        let fields = json!({
            "image_name": image,
            "env_vars": {"secrets": [{"name": "TOKEN"}]},
        });
        publish(proctord, name, line, fields.clone()).await;
        if line.is_empty() {
            let mut document = fields;
            document["name"] = json!(name);
            document["command"] = json!(["/absent/program", "$(TOKEN)", "$TOKEN"]);
            let answer = post(proctord, "/metadata", &json!([document])).await;
            assert_eq!(answer.status, 201, "{answer:?}");
        }
        let set = proctord.proctor(&["secret", "set", name, "TOKEN"]);
        let _ = set.input(CANARY.as_bytes()).succeed();
    }
}

/// Executes each of them to its end. Returns the ids, and what the database held while some of them ran.
async fn execute_all(site: &Site, double: &Kubernetes, proctord: &Proctord) -> (Vec<u64>, String) {
    let by_name = async |name: &str| execute(proctord, &json!({"name": name})).await;
    let unpullable = by_name("unpullable").await;
    let printing = by_name("printing").await;
    let unstartable = by_name("unstartable").await;
    let greedy = by_name("greedy").await;
    let stoppable = by_name("stoppable").await;
    for id in [greedy, stoppable] {
        wait_for_log(proctord, id, "it is ***\n").await;
    }
    let while_they_run = database(site);
    double.run_out_of_memory(NAMESPACE, &pod_of(double, greedy));
    let stop = proctord.proctor(&["stop", &stoppable.to_string()]);
    let _ = stop.succeed();
    for (id, status, log) in [
        (printing, "SUCCEEDED", "it is ***\n"),
        (unstartable, "FAILED", ""),
        (greedy, "FAILED", "it is ***\n"),
        (stoppable, "STOPPED", "it is ***\ntold ***\n"),
        (unpullable, "CREATION_FAILED", ""),
    ] {
        wait_for_status(proctord, id, status).await;
        wait_for_log(proctord, id, log).await;
    }
    let ids = vec![unpullable, printing, unstartable, greedy, stoppable];
    (ids, while_they_run)
}

/// The name of the Pod that runs an execution.
fn pod_of(double: &Kubernetes, id: u64) -> String {
    let ledger = double.ledger();
    let id = id.to_string();
    ledger.runs_of(&id).next().unwrap().pod_name.clone()
}

/// What proctord answers to whoever looks.
async fn answers(proctord: &Proctord, ids: &[u64]) -> String {
    let mut text = String::new();
    let of_each = ["", "/status", "/logs", "/logs?follow=true"];
    let of_executions = ids.iter().flat_map(|id| {
        let path = move |part| format!("/execution/{id}{part}");
        of_each.map(path)
    });
    let others = [
        "/metadata",
        "/metadata/printing",
        "/secret/printing",
        "/execution",
        "/readyz",
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/swagger.yml",
        "/whoami",
    ];
    for path in of_executions.chain(others.map(ToOwned::to_owned)) {
        let answer = get(proctord, &path).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        text.push_str(&answer.body);
    }
    text
}

/// What the command line shows.
fn outputs(proctord: &Proctord, ids: &[u64]) -> String {
    let ids: Vec<_> = ids.iter().map(u64::to_string).collect();
    let of_each = ids
        .iter()
        .flat_map(|id| [vec!["status", id], vec!["logs", id]]);
    let others = [
        vec!["list"],
        vec!["describe", "printing"],
        vec!["template", "printing", "-"],
        vec!["secret", "list", "printing"],
        vec!["history"],
        vec!["history", "-o", "json"],
        vec!["execute", "printing"],
        vec!["execute", "printing", "TOKEN=mine"],
        vec!["execute", "printing", "UNKNOWN=arg"],
    ];
    let said = of_each.chain(others).map(|words| {
        let ran = proctord.proctor(&words).run();
        assert!(ran.code.is_some(), "{words:?}: {ran:?}");
        format!("{words:?} {}{}", ran.text(), ran.stderr)
    });
    said.collect()
}

/// What whoever asks wrongly, or asks for what the cluster refuses, is told; the value itself may be in the request.
async fn refusals(proctord: &Proctord) -> String {
    let mut text = String::new();
    for (path, body) in [
        (
            "/execution",
            json!({"name": "printing", "args": {"UNKNOWN": "arg"}}),
        ),
        ("/execution", json!({"name": 7})),
        (
            "/secret",
            json!({"job_name": "printing", "secrets": CANARY}),
        ),
        (
            "/secret",
            json!({"job_name": "printing", "secrets": {"TOKEN": [CANARY]}}),
        ),
        (
            "/secret",
            json!({"job_name": 7, "secrets": {"TOKEN": CANARY}}),
        ),
        (
            "/secret",
            json!({"job_name": "printing", "secrets": {"not a name": CANARY}}),
        ),
    ] {
        let answer = post(proctord, path, &body).await;
        text.push_str(&format!("{} {}\n", answer.status, answer.body));
    }
    let half = format!("{{\"job_name\": \"printing\", \"secrets\": {{\"TOKEN\": \"{CANARY}\"");
    let request = request(proctord, reqwest::Method::POST, "/secret");
    let request = request.header("Content-Type", "application/json");
    let answer = send(request.body(half)).await;
    text.push_str(&format!("{} {}\n", answer.status, answer.body));
    text
}

/// Every Secret that has the value belongs to a Job; and there is one for each execution.
fn assert_owned(double: &Kubernetes, executions: usize) {
    let secrets = double.versions("secrets");
    let with_it: Vec<_> = secrets.iter().filter(|secret| has_it(secret)).collect();
    assert!(with_it.len() >= executions, "{} have it", with_it.len());
    for secret in with_it {
        let owners = secret["metadata"]["ownerReferences"].as_array();
        let kinds: Vec<_> = owners
            .into_iter()
            .flatten()
            .map(|owner| &owner["kind"])
            .collect();
        assert_eq!(kinds, ["Job"], "{}", secret["metadata"]);
        let mut rest = secret.clone();
        rest["data"] = Value::Null;
        assert!(!has_it(&rest), "{rest}");
    }
}

/// The cluster is told of it when a Secret is made, and never else.
fn assert_told_once(double: &Kubernetes) {
    let requests = double.requests();
    let telling = requests
        .iter()
        .filter(|request| is_in(CANARY, &request.text));
    let telling: Vec<_> = telling.collect();
    assert!(!telling.is_empty(), "{} requests", requests.len());
    for request in telling {
        let asked = (request.verb.as_str(), request.resource.as_str());
        assert_eq!(asked, ("create", "secrets"), "{request:?}");
    }
}

fn has_it(object: &Value) -> bool {
    is_in(CANARY, &object.to_string())
}

async fn wait_for_log(proctord: &Proctord, id: u64, text: &str) {
    wait_for_async(&format!("the log to be {text:?}"), async || {
        let log = get(proctord, &format!("/execution/{id}/logs")).await;
        if log.body == text { Ok(()) } else { Err(log) }
    })
    .await;
}
