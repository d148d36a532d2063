use proctor_testkit::{Proctord, wait_for_async};
use serde_json::{Value, json};

use crate::site::{Site, execute, get, post, publish, wait_for_status, wait_until_ready};

/// From publishing to history, by the real binaries.
#[tokio::test]
async fn a_proc_is_published_given_a_secret_executed_followed_and_found_again() {
    let site = Site::new();
    let proctord = site.ready().await;
    let folder = site.folder.path().join("greet");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("metadata.yaml"),
        "name: greet\ncommand: [/bin/sh, greet.sh]\nenv_vars:\n  args: [{name: WHO}]\n  secrets: [{name: TOKEN}]\n",
    )
    .unwrap();
    std::fs::write(
        folder.join("greet.sh"),
        "echo \"Hello, $WHO\"; echo \"token $TOKEN\"; exit 7\n",
    )
    .unwrap();

    let run = |words: &[&str]| proctord.proctor(words).run();
    let published = run(&["publish", folder.to_str().unwrap()]);
    assert_eq!(published.code, Some(0), "{published:?}");
    let unset = run(&["execute", "greet", "WHO=World"]);
    assert_eq!(unset.code, Some(125), "{unset:?}");
    let set = proctord
        .proctor(&["secret", "set", "greet", "TOKEN"])
        .input(b"walk-secret");
    let _ = set.succeed();
    let executed = run(&["execute", "greet", "WHO=World"]);

    assert_eq!(executed.code, Some(7), "{executed:?}");
    assert_eq!(executed.text(), "Hello, World\ntoken ***\n");
    let history = proctord.proctor(&["history", "-o", "json"]).succeed();
    let history: Value = serde_json::from_str(&history).unwrap();
    assert_eq!(history[0]["status"], "FAILED", "{history}");
    assert_eq!(history[0]["exit_code"], 7, "{history}");
    assert_eq!(history[1]["status"], "REQUIREMENT_NOT_MET", "{history}");
    assert!(proctord.stop().success());
}

/// The data folder is held, so that no two of them own the same host's executions.
#[tokio::test]
async fn a_second_one_on_the_same_folder_is_refused() {
    let site = Site::new();
    let first = site.ready().await;

    let (status, log) = site.proctord().start_and_fail();

    assert_eq!(status.code(), Some(1));
    assert!(log.contains("is held by another proctord"), "{log}");
    drop(first);
}

/// Each of two hosts acts for its own executions and shows those of both.
#[tokio::test]
async fn two_of_them_share_what_is_stored_and_leave_each_other_s_runs_alone() {
    let site = Site::new();
    let first = site.ready().await;
    let other = on_another_host(&site).await;
    let gate = site.folder.path().join("gate");
    let line = format!("while [ ! -e {} ]; do sleep 0.05; done", gate.display());
    publish(&first, "patient", &line, json!({})).await;
    let id = execute(&first, &json!({"name": "patient"})).await;
    wait_for_status(&other, id, "RUNNING").await;

    assert!(other.stop().success());
    std::fs::write(&gate, "").unwrap();

    wait_for_status(&first, id, "SUCCEEDED").await;
}

/// A limit holds over all hosts, and what waits on one goes on when another one frees a slot.
#[tokio::test]
async fn a_slot_that_another_host_frees_is_given_to_one_that_waits_here() {
    let site = Site::new();
    let first = site.ready().await;
    let other = on_another_host(&site).await;
    let gate = site.folder.path().join("gate");
    let line = format!("while [ ! -e {} ]; do sleep 0.05; done", gate.display());
    publish(&first, "one-at-a-time", &line, json!({"max_concurrent": 1})).await;
    let running = execute(&first, &json!({"name": "one-at-a-time"})).await;
    wait_for_status(&first, running, "RUNNING").await;

    let waiting = execute(&other, &json!({"name": "one-at-a-time"})).await;
    wait_for_status(&first, waiting, "QUEUED").await;
    std::fs::write(&gate, "").unwrap();

    wait_for_status(&first, running, "SUCCEEDED").await;
    wait_for_status(&first, waiting, "SUCCEEDED").await;
}

/// A stop may be asked of any of them; the one whose host it is ends the process and tells how it ended.
#[tokio::test]
async fn a_stop_that_is_asked_of_another_host_ends_the_process_where_it_runs() {
    let site = Site::new();
    let first = site.ready().await;
    let other = on_another_host(&site).await;
    let line = "trap 'echo told; exit 7' TERM; echo ready; while :; do sleep 0.05; done";
    publish(&first, "stoppable", line, json!({})).await;
    let id = execute(&first, &json!({"name": "stoppable"})).await;
    wait_for_async("the process to be ready", async || {
        let log = get(&first, &format!("/execution/{id}/logs")).await;
        if log.body == "ready\n" {
            Ok(())
        } else {
            Err(log)
        }
    })
    .await;

    let asked = post(&other, &format!("/execution/{id}/stop"), &json!({})).await;
    assert!(asked.status < 300, "{asked:?}");
    let stopped = wait_for_status(&other, id, "STOPPED").await;

    assert_eq!(stopped["exit_code"], 7, "{stopped}");
    let log = get(&first, &format!("/execution/{id}/logs?follow=true")).await;
    assert!(log.body.ends_with("told\n"), "{log:?}");
}

async fn on_another_host(site: &Site) -> Proctord {
    let other = site.proctord_beside("other").start();
    wait_until_ready(&other).await;
    other
}
