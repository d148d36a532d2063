use proctor_testkit::wait_for_async;
use reqwest::Method;
use serde_json::{Value, json};

use crate::load::Load;
use crate::site::{
    Site, execute, get, post, publish, request, send, wait_for_status, wait_until_not_ready,
    wait_until_ready,
};

/// Without Redis nothing new begins; what runs is not touched, and what is stored is told.
#[tokio::test]
async fn without_redis_new_executions_are_refused_and_running_ones_go_on() {
    let site = Site::new();
    let proctord = site.ready().await;
    let gate = site.folder.path().join("gate");
    let line = format!(
        "echo begun; while [ ! -e {} ]; do sleep 0.05; done; exit 4",
        gate.display()
    );
    publish(&proctord, "patient", &line, json!({})).await;
    let ending = execute(&proctord, &json!({"name": "patient"})).await;
    let stopped = execute(&proctord, &json!({"name": "patient"})).await;
    for id in [ending, stopped] {
        wait_for_status(&proctord, id, "RUNNING").await;
    }

    site.redis.stop();
    wait_until_not_ready(&proctord, "Redis is unreachable").await;

    for path in ["/execution", "/metadata"] {
        let method = if path == "/execution" {
            Method::POST
        } else {
            Method::GET
        };
        let request = request(&proctord, method, path).json(&json!({"name": "patient"}));
        let answer = send(request).await;
        assert_eq!(
            answer.status, 503,
            "{path} is not served from memory: {answer:?}"
        );
        assert!(answer.body.contains("try again later"), "{answer:?}");
    }
    let rerun = post(&proctord, &format!("/execution/{ending}/rerun"), &json!({})).await;
    assert_eq!(rerun.status, 503, "{rerun:?}");
    let list: Value = serde_json::from_str(&get(&proctord, "/execution").await.body).unwrap();
    let live = list["executions"]
        .as_array()
        .or(list.as_array())
        .unwrap()
        .len();
    assert_eq!(
        live, 2,
        "what was refused for want of Redis is not stored: {list}"
    );
    let stop = post(&proctord, &format!("/execution/{stopped}/stop"), &json!({})).await;
    assert_eq!(stop.status, 200, "{stop:?}");
    wait_for_status(&proctord, stopped, "STOPPED").await;
    std::fs::write(&gate, "").unwrap();
    assert_eq!(
        wait_for_status(&proctord, ending, "FAILED").await["exit_code"],
        4
    );
    let log = proctord.proctor(&["logs", &ending.to_string()]).run();
    assert_eq!(
        (log.code, log.text().as_str()),
        (Some(4), "begun\n"),
        "{log:?}"
    );

    site.redis.start_again();
    wait_until_ready(&proctord).await;
    execute(&proctord, &json!({"name": "patient"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_redis_loses_nothing() {
    let site = Site::new();
    let proctord = site.ready().await;
    site.publish_numbered(&proctord).await;
    let load = Load::start(&proctord);
    load.accepted(8).await;

    site.redis.stop();
    load.refused().await;
    site.redis.start_again();

    load.settle(&proctord, &site).await;
    wait_until_ready(&proctord).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_is_given_up_in_time_and_used_again() {
    let site = Site::new();
    let proctord = site.ready().await;
    site.publish_numbered(&proctord).await;
    let load = Load::start(&proctord);
    load.accepted(8).await;

    site.redis.pause();
    load.refused().await;
    wait_until_not_ready(&proctord, "Redis").await;
    let status = wait_for_async("what is stored to be told", async || {
        let answer = get(&proctord, "/execution").await;
        if answer.status == 200 {
            Ok(answer)
        } else {
            Err(answer)
        }
    });
    status.await;
    site.redis.resume();

    load.settle(&proctord, &site).await;
    wait_until_ready(&proctord).await;
}
