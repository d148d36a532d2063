use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::{Proctord, wait_for_async};
use serde_json::{Value, json};

use crate::site::{
    Answer, Site, execute, get, post, publish, wait_for_probe, wait_for_status, wait_until_ready,
};

const NAMESPACE: &str = "procs";

/// A ready proctord whose executions run on this cluster.
async fn on(site: &Site, double: &Kubernetes) -> Proctord {
    site.migrate();
    let kubeconfig = double.kubeconfig(NAMESPACE);
    let proctord = site
        .proctord()
        .env("PROCTOR_RUNNER", "kubernetes")
        .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
        .start();
    wait_until_ready(&proctord).await;
    proctord
}

/// From publishing to history, by the real binaries, as Jobs of a cluster.
#[tokio::test]
async fn a_proc_is_published_executed_as_a_job_followed_and_found_again() {
    let site = Site::new();
    let double = Kubernetes::start();
    let proctord = on(&site, &double).await;
    let fields = json!({
        "image_name": "busybox:1.36",
        "env_vars": {"args": [{"name": "WHO"}], "secrets": [{"name": "TOKEN"}]},
    });
    let line = "echo \"Hello, $WHO\"; echo \"token $TOKEN\"; exit 7";
    publish(&proctord, "greet", line, fields).await;
    let set = proctord.proctor(&["secret", "set", "greet", "TOKEN"]);
    let _ = set.input(b"walk-secret").succeed();

    let executed = proctord
        .proctor(&["execute", "greet", "WHO=$(TOKEN) $$"])
        .run();

    assert_eq!(executed.code, Some(7), "{executed:?}");
    assert_eq!(executed.text(), "Hello, $(TOKEN) $$\ntoken ***\n");
    let history = proctord.proctor(&["history", "-o", "json"]).succeed();
    let history: Value = serde_json::from_str(&history).unwrap();
    assert_eq!(history[0]["status"], "FAILED", "{history}");
    assert_eq!(history[0]["exit_code"], 7, "{history}");
    assert_eq!(history[0]["runner"], "kubernetes", "{history}");
    let name = history[0]["name"].as_str().unwrap();
    let job = double.object("jobs", NAMESPACE, name).unwrap();
    assert!(!job.to_string().contains("walk-secret"), "{job}");
    let ledger = double.ledger();
    assert_eq!((ledger.jobs.len(), ledger.containers.len()), (1, 1));
    assert!(proctord.stop().success());
}

#[tokio::test]
async fn a_stop_reaches_the_container_and_its_last_words_are_kept() {
    let site = Site::new();
    let double = Kubernetes::start();
    let proctord = on(&site, &double).await;
    let line = "trap 'echo told; exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let fields = json!({"image_name": "busybox:1.36"});
    publish(&proctord, "stoppable", line, fields).await;
    let id = execute(&proctord, &json!({"name": "stoppable"})).await;
    wait_for_log(&proctord, id, "ready\n").await;

    let stop = proctord.proctor(&["stop", &id.to_string()]);
    let _ = stop.succeed();

    let stopped = wait_for_status(&proctord, id, "STOPPED").await;
    assert_eq!(stopped["exit_code"], 9, "{stopped}");
    wait_for_log(&proctord, id, "ready\ntold\n").await;
}

/// What is accepted meanwhile waits, and the probe says for what.
#[tokio::test]
async fn a_cluster_that_is_away_makes_nobody_unready() {
    let site = Site::new();
    let double = Kubernetes::start();
    double.fail(100_000);
    let proctord = on(&site, &double).await;
    let fields = json!({"image_name": "busybox:1.36"});
    publish(&proctord, "patient", "exit 4", fields).await;

    let told = wait_for_probe(&proctord, "cluster").await;
    let id = execute(&proctord, &json!({"name": "patient"})).await;
    let waiting = get(&proctord, &format!("/execution/{id}")).await;
    double.calm();

    assert_eq!(told.status, 200, "{told:?}");
    assert!(told.body.contains("cluster is not available"), "{told:?}");
    assert!(waiting.body.contains("RECEIVED"), "{waiting:?}");
    let ended = wait_for_status(&proctord, id, "FAILED").await;
    assert_eq!(ended["exit_code"], 4, "{ended}");
    assert_eq!(double.ledger().jobs.len(), 1);
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_in_the_log() {
    let site = Site::new();
    let double = Kubernetes::start();
    double.forbid("delete", "pods");
    let proctord = on(&site, &double).await;

    wait_for_async("the log to name the right", async || {
        let log = proctord.log();
        if log.contains("does not let proctord delete pods") {
            Ok(())
        } else {
            Err(log)
        }
    })
    .await;
}

/// The one execution of this proc, once it waits for something.
async fn wait_for_waiting(proctord: &Proctord, id: u64, words: &str) -> Value {
    wait_for_async(&format!("it to wait: {words}"), async || {
        let answer = get(proctord, &format!("/execution/{id}")).await;
        let execution: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        match execution["waiting"].as_str() {
            Some(waiting) if waiting.contains(words) => Ok(execution),
            _ => Err(answer),
        }
    })
    .await
}

#[tokio::test]
async fn a_launch_says_what_it_waits_for_and_goes_on_when_that_is_there() {
    let site = Site::new();
    let double = Kubernetes::start();
    double.remove_namespace(NAMESPACE);
    let proctord = on(&site, &double).await;
    let fields = json!({"image_name": "busybox:1.36"});
    publish(&proctord, "patient", "exit 4", fields).await;
    let id = execute(&proctord, &json!({"name": "patient"})).await;

    let waiting = wait_for_waiting(&proctord, id, "the cluster has no namespace procs").await;
    assert_eq!(waiting["status"], "RECEIVED", "{waiting}");
    let _ = wait_for_probe(&proctord, "namespace that is configured").await;
    double.add_namespace(NAMESPACE);

    let ended = wait_for_status(&proctord, id, "FAILED").await;
    assert_eq!(ended["exit_code"], 4, "{ended}");
    assert!(ended["waiting"].is_null(), "{ended}");
}

#[tokio::test]
async fn a_launch_and_a_stop_that_are_forbidden_say_so() {
    let site = Site::new();
    let double = Kubernetes::start();
    double.forbid("delete", "pods");
    let proctord = on(&site, &double).await;
    let fields = json!({"image_name": "busybox:1.36"});
    publish(&proctord, "stubborn", "sleep 600", fields).await;
    let running = execute(&proctord, &json!({"name": "stubborn"})).await;
    wait_for_status(&proctord, running, "RUNNING").await;
    let _ = post(&proctord, &format!("/execution/{running}/stop"), &json!({})).await;

    let words = "its stop waits: proctord has no right to delete Pods";
    wait_for_waiting(&proctord, running, words).await;
    double.forbid("create", "jobs");
    let launched = execute(&proctord, &json!({"name": "stubborn"})).await;

    let words = "proctord has no right to create Jobs";
    wait_for_waiting(&proctord, launched, words).await;
}

#[tokio::test]
async fn a_restart_with_another_namespace_loses_nothing() {
    let site = Site::new();
    let double = Kubernetes::start();
    let proctord = on(&site, &double).await;
    let line = "echo begun; sleep 600";
    let fields = json!({"image_name": "busybox:1.36"});
    publish(&proctord, "lasting", line, fields).await;
    let id = execute(&proctord, &json!({"name": "lasting"})).await;
    wait_for_log(&proctord, id, "begun\n").await;
    assert!(proctord.stop().success());

    let kubeconfig = double.kubeconfig(NAMESPACE);
    let elsewhere = site
        .proctord()
        .env("PROCTOR_RUNNER", "kubernetes")
        .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
        .env("PROCTOR_DEFAULT_NAMESPACE", "others")
        .start();
    wait_until_ready(&elsewhere).await;
    let words = "it runs in namespace procs, and";
    let waiting = wait_for_waiting(&elsewhere, id, words).await;
    assert_eq!(waiting["status"], "RUNNING", "{waiting}");
    let _ = post(&elsewhere, &format!("/execution/{id}/stop"), &json!({})).await;
    assert!(elsewhere.log().contains(words), "{}", elsewhere.log());
    assert!(elsewhere.stop().success());

    let back = on(&site, &double).await;
    let ended = wait_for_status(&back, id, "STOPPED").await;
    assert!(ended["waiting"].is_null(), "{ended}");
    wait_for_log(&back, id, "begun\n").await;
    assert_eq!(double.ledger().jobs.len(), 1);
}

async fn wait_for_log(proctord: &Proctord, id: u64, text: &str) -> Answer {
    wait_for_async(&format!("the log to be {text:?}"), async || {
        let log = get(proctord, &format!("/execution/{id}/logs")).await;
        if log.body == text { Ok(log) } else { Err(log) }
    })
    .await
}
