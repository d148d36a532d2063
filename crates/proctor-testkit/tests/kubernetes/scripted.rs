use std::time::Duration;

use bytes::Bytes;
use proctor_testkit::kubernetes::{Clock, Course, Gate, Kubernetes, Script, ScriptedPod};
use serde_json::{Value, json};

use crate::client::{Api, JOBS, PODS, job};

const SECOND: Duration = Duration::from_secs(1);

/// A double whose Pods take this course by a clock that only the test moves.
fn scripted(course: impl Fn(ScriptedPod<'_>) -> Course + Send + Sync + 'static) -> Api {
    let builder = Kubernetes::builder().scripted(Script::new(course));
    Api::of(builder.clock(Clock::Virtual).start())
}

async fn pod(api: &Api) -> Value {
    api.get(PODS).await.1["items"][0].clone()
}

fn container(pod: &Value) -> (String, String) {
    let state = &pod["status"]["containerStatuses"][0]["state"];
    let (word, told) = state.as_object().unwrap().iter().next().unwrap();
    let reason = told["reason"].as_str().unwrap_or_default();
    (word.clone(), reason.to_owned())
}

fn is(word: &str, reason: &str) -> (String, String) {
    (word.to_owned(), reason.to_owned())
}

async fn log(api: &Api, query: &str) -> Vec<u8> {
    let pod = pod(api).await;
    let name = pod["metadata"]["name"].as_str().unwrap();
    let response = api.open(&format!("{PODS}/{name}/log?{query}")).await;
    assert_eq!(response.status().as_u16(), 200);
    response.bytes().await.unwrap().to_vec()
}

fn conditions(job: &Value) -> Vec<&str> {
    let conditions = job["status"]["conditions"].as_array().into_iter().flatten();
    conditions
        .map(|one| one["type"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_pod_takes_its_course_at_the_moments_of_the_clock() {
    let api = scripted(|_| {
        Course::exits(3)
            .pulls(SECOND)
            .waits("CreateContainerError", "not yet", 2 * SECOND)
            .runs(3 * SECOND)
            .prints("said\n")
            .runs(4 * SECOND)
    });
    api.post(JOBS, &job("a", "")).await;
    let begun = api.double.now();

    assert_eq!(
        container(&pod(&api).await),
        is("waiting", "ContainerCreating")
    );
    api.double.advance(SECOND);
    assert_eq!(
        container(&pod(&api).await),
        is("waiting", "CreateContainerError")
    );
    api.double.advance(2 * SECOND);
    assert_eq!(container(&pod(&api).await), is("running", ""));
    assert_eq!(log(&api, "").await, b"");
    api.double.advance(3 * SECOND);
    let at = (begun + 6 * SECOND).to_string();
    let line = String::from_utf8(log(&api, "timestamps=true").await).unwrap();
    let (stamp, said) = line.split_once(' ').unwrap();
    assert_eq!(said, "said\n");
    assert_eq!(
        stamp.parse::<jiff::Timestamp>().unwrap(),
        at.parse().unwrap()
    );

    api.double.advance(4 * SECOND);
    let ended = pod(&api).await;
    assert_eq!(container(&ended), is("terminated", "Error"));
    assert_eq!(ended["status"]["phase"], "Running");
    let (_, found) = api.get(&format!("{JOBS}/a")).await;
    assert_eq!(conditions(&found), [] as [&str; 0]);

    // A Pod is over and its Job has its condition two seconds after the container's end.
    api.double.advance(2 * SECOND);
    assert_eq!(pod(&api).await["status"]["phase"], "Failed");
    let (_, found) = api.get(&format!("{JOBS}/a")).await;
    assert_eq!(conditions(&found), ["FailureTarget", "Failed"]);
}

#[tokio::test]
async fn retries_deadlines_and_expiry_go_by_the_clock() {
    let api = scripted(|pod| match pod.retry {
        0 => Course::exits(1),
        _ => Course::never_ends(),
    });
    let mut made = job("a", "");
    made["spec"]["backoffLimit"] = 1.into();
    made["spec"]["activeDeadlineSeconds"] = 60.into();
    made["spec"]["ttlSecondsAfterFinished"] = 600.into();
    api.post(JOBS, &made).await;
    let pods = async || api.get(PODS).await.1["items"].as_array().unwrap().len();
    api.double.advance(2 * SECOND);
    assert_eq!(pods().await, 1);

    api.double.advance(10 * SECOND);
    assert_eq!(pods().await, 2);
    api.double.advance(50 * SECOND);
    let (_, found) = api.get(&format!("{JOBS}/a")).await;
    assert_eq!(conditions(&found), ["FailureTarget", "Failed"]);
    assert_eq!(
        found["status"]["conditions"][1]["reason"],
        "DeadlineExceeded"
    );
    api.double.advance(590 * SECOND);
    assert_eq!(api.get(&format!("{JOBS}/a")).await.0, 200);
    api.double.advance(11 * SECOND);
    assert_eq!(
        (api.get(&format!("{JOBS}/a")).await.0, pods().await),
        (404, 0)
    );
}

#[tokio::test]
async fn a_container_that_is_asked_to_end_does_it_its_way() {
    for (course, ends_after) in [
        (Course::never_ends(), 0),
        (Course::never_ends().on_term(5 * SECOND, "bye\n", 0), 5),
        (Course::never_ends().on_term(50 * SECOND, "bye\n", 0), 30),
        (Course::never_ends().ignores_term(), 30),
    ] {
        let course = course.prints("up\n");
        let api = scripted(move |_| course.clone());
        api.post(JOBS, &job("a", "")).await;
        let options = json!({"propagationPolicy": "Foreground"});
        let path = format!("{JOBS}/a");
        assert_eq!(api.delete(&path, &options).await.0, 200);

        if ends_after > 0 {
            api.double.advance((ends_after - 1) * SECOND);
            assert_eq!(container(&pod(&api).await), is("running", ""));
            api.double.advance(SECOND);
        }

        assert_eq!(pod(&api).await, Value::Null, "after {ends_after} s");
        assert_eq!(api.get(&path).await.0, 404);
    }
}

#[tokio::test]
async fn a_large_log_is_made_when_it_is_printed() {
    let line =
        Bytes::from_static(b"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde\n");
    let lines = 100_000;
    let api = scripted(move |_| {
        let line = line.clone();
        Course::exits(0).prints_all(move || std::iter::repeat_n(line.clone(), lines))
    });
    api.post(JOBS, &job("a", "")).await;

    assert_eq!(log(&api, "follow=true").await.len(), lines * 64);
    assert_eq!(log(&api, "tailLines=2").await.len(), 128);
}

#[tokio::test]
async fn a_container_runs_until_its_gate_is_open_and_a_later_one_passes_it() {
    let gate = Gate::default();
    let shut = gate.clone();
    let api = scripted(move |_| {
        Course::exits(4)
            .prints("before\n")
            .runs_until(&shut)
            .prints("after\n")
    });
    api.post(JOBS, &job("a", "")).await;

    api.double.advance(3600 * SECOND);
    assert_eq!(container(&pod(&api).await), is("running", ""));
    assert_eq!(log(&api, "").await, b"before\n");
    api.double.open(&gate);
    assert_eq!(container(&pod(&api).await), is("terminated", "Error"));
    assert_eq!(log(&api, "").await, b"before\nafter\n");
    api.post(JOBS, &job("b", "")).await;

    let ends = api.double.ledger().containers;
    assert!(
        ends.len() == 2 && ends.iter().all(|run| run.ended.is_some()),
        "{ends:?}"
    );
}
