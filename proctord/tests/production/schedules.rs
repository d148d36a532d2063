//! Schedules in production: fired apart from those who serve, on Postgres, Redis and a cluster.

use jiff::{SignedDuration, Timestamp};
use proctor_testkit::ProctordBuilder;
use proctor_testkit::kubernetes::Kubernetes;
use serde_json::{Value, json};

use crate::site::{Site, get, post, publish, wait_for_status, wait_until_ready};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_fired_by_a_scheduler_alone_is_run_by_those_who_serve() {
    let site = Site::new();
    let double = Kubernetes::start();
    let kubeconfig = double.kubeconfig("procs");
    let on = |builder: ProctordBuilder| {
        builder
            .env("PROCTOR_RUNNER", "kubernetes")
            .env("PROCTOR_KUBE_CONFIG", kubeconfig.to_str().unwrap())
    };
    site.migrate();
    let first = on(site.proctord()).start();
    wait_until_ready(&first).await;
    let fields = json!({"image_name": "busybox:1.36"});
    publish(&first, "report", "echo \"$USER_EMAIL\"", fields).await;
    let at = Timestamp::now() + SignedDuration::from_secs(4);
    let body = json!({"jobName": "report", "tags": "t", "at": at.to_string(),
        "notificationEmails": "ann@example.com", "group": "g"});
    let created = post(&first, "/schedule", &body).await;
    assert_eq!(created.status, 201, "{created:?}");
    let created: Value = serde_json::from_str(&created.body).unwrap();
    assert!(first.stop().success());

    // It ends by itself, right after it has fired.
    let fired = on(site.proctord_beside("scheduler"))
        .env("PROCTOR_FAIL_POINTS", "fire.committed=crash")
        .run(&["start-scheduler"]);
    assert_ne!(fired.code, Some(0), "{fired:?}");
    let rows = site.psql("SELECT execution_id FROM proctor.firing");
    let id: u64 = rows.trim().parse().unwrap();
    let status = format!("SELECT status FROM proctor.execution WHERE id = {id}");
    assert_eq!(site.psql(&status).trim(), "RECEIVED");
    let second = on(site.proctord()).start();
    wait_until_ready(&second).await;

    wait_for_status(&second, id, "SUCCEEDED").await;
    let log = get(&second, &format!("/execution/{id}/logs")).await;
    assert_eq!(log.body, "worker@proctor\n");
    let path = format!("/schedule/{}/firings", created["id"]);
    let page: Value = serde_json::from_str(&get(&second, &path).await.body).unwrap();
    assert_eq!(page["firings"].as_array().unwrap().len(), 1, "{page}");
    assert_eq!(double.ledger().jobs.len(), 1);
}

#[test]
fn on_plain_hosts_there_is_no_scheduler_alone() {
    let site = Site::new();

    let refused = site
        .proctord()
        .env("PROCTOR_RUNNER", "local")
        .run(&["start-scheduler"]);

    assert_eq!(refused.code, Some(1), "{refused:?}");
    let told = format!("{refused:?}");
    assert!(
        told.contains("every `proctord start` fires schedules"),
        "{told}"
    );
}
