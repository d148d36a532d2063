use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use proctor_testkit::kubernetes::Kubernetes;
use proctor_testkit::wait_for_async;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Api, JOBS, PODS, SECRETS, job, secret, suspended_job};

/// The Pod of a Job, once this holds of it.
async fn pod(api: &Api, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    wait_for_async(what, async || {
        let (_, pods) = api.get(PODS).await;
        let pod = pods["items"][0].clone();
        if holds(&pod) { Ok(pod) } else { Err(pod) }
    })
    .await
}

async fn ended(api: &Api) -> Value {
    pod(api, "a Pod that has ended", |pod| {
        matches!(
            pod["status"]["phase"].as_str(),
            Some("Succeeded" | "Failed")
        )
    })
    .await
}

async fn log(api: &Api, pod: &Value, query: &str) -> String {
    let name = pod["metadata"]["name"].as_str().unwrap();
    let response = api.open(&format!("{PODS}/{name}/log?{query}")).await;
    assert_eq!(response.status().as_u16(), 200);
    response.text().await.unwrap()
}

fn container_state(pod: &Value) -> Value {
    pod["status"]["containerStatuses"][0]["state"].clone()
}

#[tokio::test]
async fn a_log_is_read_in_parts() {
    let api = Api::start();
    api.post(JOBS, &job("a", "echo one; echo two >&2; printf three"))
        .await;
    let pod = ended(&api).await;

    assert_eq!(log(&api, &pod, "").await, "one\ntwo\nthree");
    assert_eq!(log(&api, &pod, "tailLines=2").await, "two\nthree");
    assert_eq!(log(&api, &pod, "limitBytes=5").await, "one\nt");
    assert_eq!(log(&api, &pod, "sinceTime=2100-01-01T00:00:00Z").await, "");

    let stamped = log(&api, &pod, "timestamps=true&tailLines=1").await;
    let (time, line) = stamped.split_once(' ').unwrap();
    assert_eq!(
        (line, time.len()),
        ("three", "2026-01-01T00:00:00.000000000Z".len())
    );
    // Of the time only the whole seconds count, so the line itself is among those since its own time.
    let again = log(&api, &pod, &format!("timestamps=true&sinceTime={time}")).await;
    assert!(again.ends_with(&stamped), "{again}");
}

#[tokio::test]
async fn a_follower_is_told_what_is_printed_after_a_deletion_and_then_the_log_is_gone() {
    let api = Api::start();
    let script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done";
    api.post(JOBS, &job("a", script)).await;
    let pod = pod(&api, "a Pod that runs", |pod| {
        pod["status"]["phase"] == "Running"
    })
    .await;
    let path = format!("{PODS}/{}/log", pod["metadata"]["name"].as_str().unwrap());
    let followed = async || {
        let mut response = api.open(&format!("{path}?follow=true")).await;
        let mut text = Vec::new();
        while !text.ends_with(b"up\n") {
            text.extend(response.chunk().await.unwrap().unwrap());
        }
        let (status, _) = api
            .delete(
                &format!("{JOBS}/a"),
                &json!({"propagationPolicy": "Foreground"}),
            )
            .await;
        assert_eq!(status, 200);
        while let Some(chunk) = response.chunk().await.unwrap() {
            text.extend(chunk);
        }
        String::from_utf8(text).unwrap()
    };

    assert_eq!(followed().await, "up\nbye\n");
    wait_for_async("the log to be gone", async || {
        match api.open(&path).await.status().as_u16() {
            404 => Ok(()),
            status => Err(status),
        }
    })
    .await;
}

#[tokio::test]
async fn a_container_gets_its_environment_from_secrets_and_from_what_came_before() {
    let api = Api::start();
    let mut made = suspended_job("a");
    let container = &mut made["spec"]["template"]["spec"]["containers"][0];
    container["command"] = json!(["/bin/sh", "-c", "echo $GREETING $$(NAME) $(NAME)"]);
    container["env"] = json!([
        {"name": "NAME", "valueFrom": {"secretKeyRef": {"name": "a", "key": "TOKEN"}}},
        {"name": "GREETING", "value": "hello $(NAME)"},
    ]);
    let (_, owner) = api.post(JOBS, &made).await;
    api.post(SECRETS, &secret("a", &owner)).await;
    api.patch(&format!("{JOBS}/a"), &json!({"spec": {"suspend": false}}))
        .await;

    let pod = ended(&api).await;

    // The shell sees `$(NAME)` after the kubelet has unescaped it, and runs no such command.
    let log = log(&api, &pod, "").await;
    assert!(log.ends_with("hello s3cret-value s3cret-value\n"), "{log}");
}

#[tokio::test]
async fn an_image_is_a_folder_and_its_commands_start_there() {
    let images = TempDir::new().unwrap();
    let folder = images.path().join("echo");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("run"), "#!/bin/sh\npwd; exit 3\n").unwrap();
    fs::set_permissions(folder.join("run"), fs::Permissions::from_mode(0o755)).unwrap();
    let api = Api::of(Kubernetes::builder().images(images.path()).start());
    let mut made = job("a", "");
    let container = &mut made["spec"]["template"]["spec"]["containers"][0];
    container["image"] = "registry.example/x/echo:1".into();
    container["command"] = json!(["./run"]);
    api.post(JOBS, &made).await;

    let pod = ended(&api).await;

    assert_eq!(container_state(&pod)["terminated"]["exitCode"], 3);
    assert_eq!(log(&api, &pod, "").await, format!("{}\n", folder.display()));
}

#[tokio::test]
async fn what_keeps_a_container_from_starting_is_told() {
    for (image, command, reason) in [
        ("absent:1", json!(["true"]), "ErrImagePull"),
        ("busybox", json!([]), "CreateContainerError"),
    ] {
        let api = Api::start();
        let mut made = job("a", "");
        let container = &mut made["spec"]["template"]["spec"]["containers"][0];
        container["image"] = image.into();
        container["command"] = command;
        api.post(JOBS, &made).await;

        pod(&api, reason, |pod| {
            container_state(pod)["waiting"]["reason"] == reason
        })
        .await;
    }
}

#[tokio::test]
async fn a_command_that_is_not_there_ends_with_128() {
    let api = Api::start();
    let mut made = job("a", "");
    made["spec"]["template"]["spec"]["containers"][0]["command"] = json!(["/no/such/thing"]);
    api.post(JOBS, &made).await;

    let pod = ended(&api).await;

    let terminated = &container_state(&pod)["terminated"];
    assert_eq!(
        (&terminated["reason"], &terminated["exitCode"]),
        (&json!("StartError"), &json!(128))
    );
}

#[tokio::test]
async fn a_job_that_has_ended_goes_when_its_time_is_over() {
    let api = Api::start();
    let mut made = job("a", "true");
    made["spec"]["ttlSecondsAfterFinished"] = 1.into();
    api.post(JOBS, &made).await;
    ended(&api).await;

    wait_for_async("the Job to be gone", async || {
        let (status, _) = api.get(&format!("{JOBS}/a")).await;
        let (_, pods) = api.get(PODS).await;
        match (status, pods["items"].as_array().unwrap().len()) {
            (404, 0) => Ok(()),
            seen => Err(seen),
        }
    })
    .await;
}

#[tokio::test]
async fn processes_end_with_the_double() {
    let api = Api::start();
    let folder = TempDir::new().unwrap();
    let told = folder.path().join("pid");
    let script = format!(
        "sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait",
        told.display()
    );
    api.post(JOBS, &job("a", &script)).await;
    let pid = wait_for_async("the process to tell its number", async || {
        fs::read_to_string(&told)
    })
    .await;

    drop(api);

    let process = format!("/proc/{}/stat", pid.trim());
    wait_for_async("the process to end", async || {
        match fs::read_to_string(&process) {
            Ok(stat) if !stat.contains(") Z ") => Err(stat),
            _ => Ok(()),
        }
    })
    .await;
}

#[tokio::test]
async fn a_pod_is_over_some_time_after_its_container() {
    let delay = Duration::from_millis(200);
    let api = Api::of(Kubernetes::builder().end_delay(delay).start());
    api.post(JOBS, &job("a", "true")).await;
    let ended = pod(&api, "a container that has ended", |pod| {
        !container_state(pod)["terminated"].is_null()
    })
    .await;
    let seen = Instant::now();
    assert_eq!(ended["status"]["phase"], "Running");

    let over = self::ended(&api).await;

    assert_eq!(over["status"]["phase"], "Succeeded");
    // Some of the time may have passed before the end was seen.
    assert!(seen.elapsed() > delay / 4, "{:?}", seen.elapsed());
}

#[tokio::test]
async fn the_ledger_tells_what_ran_for_an_execution() {
    let api = Api::start();
    let mut made = job("a", "exit 4");
    let container = &mut made["spec"]["template"]["spec"]["containers"][0];
    container["env"] = json!([{"name": "EXECUTION_ID", "value": "17"}]);
    let (_, created) = api.post(JOBS, &made).await;
    let pod = ended(&api).await;

    let ledger = api.double.ledger();

    let runs: Vec<_> = ledger.runs_of("17").collect();
    assert_eq!(runs.len(), 1, "{ledger:?}");
    assert_eq!(
        runs[0].job_uid.as_deref(),
        created["metadata"]["uid"].as_str()
    );
    assert_eq!(
        Some(runs[0].pod_uid.as_str()),
        pod["metadata"]["uid"].as_str()
    );
    let (ended_at, exit_code) = runs[0].ended.unwrap();
    assert!(exit_code == 4 && ended_at >= runs[0].started_at);
    assert_eq!(ledger.jobs.len(), 1);
    assert_eq!(ledger.requests("create", "jobs"), 1);
    assert!(ledger.requests("list", "pods") > 0);
    assert_eq!(ledger.requests("list", "jobs"), 0);
}
