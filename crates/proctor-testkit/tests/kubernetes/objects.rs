use serde_json::{Value, json};

use crate::client::{Api, JOBS, SECRETS, job, secret, suspended_job};

fn at(name: &str) -> String {
    format!("{JOBS}/{name}")
}

fn assert_status(answer: &(u16, Value), code: u16, reason: &str, message: &str) {
    let (status, body) = answer;
    assert_eq!(
        (*status, &body["kind"], &body["code"]),
        (code, &json!("Status"), &json!(code)),
        "{body}"
    );
    assert_eq!(
        (body["reason"].as_str(), body["message"].as_str()),
        (Some(reason), Some(message))
    );
}

#[tokio::test]
async fn a_name_is_taken_once_and_an_absent_one_is_404() {
    let api = Api::start();

    let (status, created) = api.post(JOBS, &suspended_job("a")).await;
    assert_eq!(status, 201, "{created}");
    assert_eq!(created["metadata"]["generation"], 1);
    assert_eq!(
        created["spec"]["podReplacementPolicy"],
        "TerminatingOrFailed"
    );

    let taken = api.post(JOBS, &suspended_job("a")).await;
    assert_status(
        &taken,
        409,
        "AlreadyExists",
        "jobs.batch \"a\" already exists",
    );
    let absent = api.get(&at("absent")).await;
    assert_status(&absent, 404, "NotFound", "jobs.batch \"absent\" not found");
}

#[tokio::test]
async fn what_is_wrong_with_an_object_is_422_and_names_the_field() {
    let api = Api::start();

    let (status, body) = api.post(JOBS, &suspended_job("Bad_Name")).await;
    assert_eq!(
        (status, &body["details"]["causes"][0]["field"]),
        (422, &json!("metadata.name"))
    );

    let mut always = suspended_job("nosec");
    always["spec"]["template"]["spec"]["restartPolicy"] = "Always".into();
    let refused = api.post(JOBS, &always).await;
    assert_status(
        &refused,
        422,
        "Invalid",
        "Job.batch \"nosec\" is invalid: spec.template.spec.restartPolicy: Required value: valid values: \
         \"OnFailure\", \"Never\"",
    );
}

#[tokio::test]
async fn a_patch_is_held_against_uid_and_revision() {
    let api = Api::start();
    let (_, created) = api.post(JOBS, &suspended_job("a")).await;
    let uid = &created["metadata"]["uid"];

    let wrong = json!({"metadata": {"uid": "00000000-0000-0000-0000-000000000000"}, "spec": {"suspend": false}});
    let (status, body) = api.patch(&at("a"), &wrong).await;
    assert_eq!(
        (status, &body["reason"]),
        (422, &json!("Invalid")),
        "{body}"
    );

    let old = json!({"metadata": {"uid": uid, "resourceVersion": "1"}, "spec": {"suspend": false}});
    let refused = api.patch(&at("a"), &old).await;
    assert_status(
        &refused,
        409,
        "Conflict",
        "Operation cannot be fulfilled on jobs.batch \"a\": the object has been modified; please apply your \
         changes to the latest version and try again",
    );

    let right =
        json!({"metadata": {"uid": uid, "labels": {"seen": "yes"}}, "spec": {"parallelism": 2}});
    let (status, patched) = api.patch(&at("a"), &right).await;
    assert_eq!(
        (status, &patched["metadata"]["generation"]),
        (200, &json!(2))
    );
    assert_eq!(patched["metadata"]["labels"]["seen"], "yes");

    let gone = api.patch(&at("b"), &right).await;
    assert_status(&gone, 404, "NotFound", "jobs.batch \"b\" not found");
}

#[tokio::test]
async fn a_replacement_with_an_old_revision_is_a_conflict() {
    let api = Api::start();
    let (_, mut created) = api.post(JOBS, &suspended_job("a")).await;
    let (_, _) = api
        .patch(&at("a"), &json!({"metadata": {"labels": {"x": "y"}}}))
        .await;

    created["spec"]["parallelism"] = 3.into();
    let (status, _) = api.put(&at("a"), &created).await;
    assert_eq!(status, 409);

    let (_, mut fresh) = api.get(&at("a")).await;
    fresh["spec"]["parallelism"] = 3.into();
    let (status, stored) = api.put(&at("a"), &fresh).await;
    assert_eq!((status, &stored["spec"]["parallelism"]), (200, &json!(3)));
}

#[tokio::test]
async fn lists_are_selected_and_come_in_pages_until_the_history_is_gone() {
    let api = Api::start();
    for name in ["a", "b", "c"] {
        api.post(JOBS, &suspended_job(name)).await;
    }

    let (_, chosen) = api
        .get(&format!(
            "{JOBS}?labelSelector=proctor%2Fexecution%20notin%20(a,b)"
        ))
        .await;
    assert_eq!(chosen["items"][0]["metadata"]["name"], "c");
    assert_eq!(chosen["items"].as_array().unwrap().len(), 1);

    let (_, page) = api.get(&format!("{JOBS}?limit=2")).await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
    assert_eq!(page["metadata"]["remainingItemCount"], 1);
    let next = page["metadata"]["continue"].as_str().unwrap();
    let (_, rest) = api.get(&format!("{JOBS}?limit=2&continue={next}")).await;
    assert_eq!(rest["items"][0]["metadata"]["name"], "c");
    assert_eq!(rest["metadata"]["continue"], Value::Null);

    api.post(JOBS, &suspended_job("d")).await;
    api.double.compact();
    let (status, body) = api.get(&format!("{JOBS}?limit=2&continue={next}")).await;
    assert_eq!((status, &body["reason"]), (410, &json!("Expired")));
}

#[tokio::test]
async fn a_deletion_with_another_uid_is_refused_and_an_owned_secret_goes_with_its_owner() {
    let api = Api::start();
    let (_, owner) = api.post(JOBS, &suspended_job("a")).await;
    let (status, stored) = api.post(SECRETS, &secret("a", &owner)).await;
    assert_eq!(
        (status, &stored["data"]["TOKEN"]),
        (201, &json!("czNjcmV0LXZhbHVl"))
    );

    let zeros = "00000000-0000-0000-0000-000000000000";
    let refused = api
        .delete(&at("a"), &json!({"preconditions": {"uid": zeros}}))
        .await;
    let uid = owner["metadata"]["uid"].as_str().unwrap();
    assert_status(
        &refused,
        409,
        "Conflict",
        &format!(
            "Operation cannot be fulfilled on Job.batch \"a\": the UID in the precondition ({zeros}) does not match \
             the UID in record ({uid}). The object might have been deleted and then recreated"
        ),
    );

    let options = json!({"propagationPolicy": "Background", "preconditions": {"uid": uid}});
    let (status, body) = api.delete(&at("a"), &options).await;
    assert_eq!((status, &body["status"]), (200, &json!("Success")));
    assert_eq!(body["details"]["uid"], uid);
    let (status, _) = api.get(&format!("{SECRETS}/a")).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_dry_run_stores_nothing_and_an_immutable_secret_stays_as_it_is() {
    let api = Api::start();
    let (status, _) = api
        .post(&format!("{JOBS}?dryRun=All"), &job("a", "true"))
        .await;
    assert_eq!(status, 201);
    assert_eq!(api.get(&at("a")).await.0, 404);

    let (_, owner) = api.post(JOBS, &suspended_job("a")).await;
    api.post(SECRETS, &secret("a", &owner)).await;
    let change = json!({"stringData": {"TOKEN": "another"}});
    let (status, body) = api.patch(&format!("{SECRETS}/a"), &change).await;
    assert_eq!(
        (status, &body["details"]["causes"][0]["field"]),
        (422, &json!("data"))
    );
}

#[tokio::test]
async fn what_a_test_forbids_is_403_and_an_access_review_says_so_beforehand() {
    let api = Api::start();
    api.double.forbid("create", "jobs");

    let (status, body) = api.post(JOBS, &job("a", "true")).await;
    assert_eq!((status, &body["reason"]), (403, &json!("Forbidden")));
    for (resource, allowed) in [("jobs", false), ("secrets", true)] {
        let asked = json!({"spec": {"resourceAttributes": {
            "verb": "create", "resource": resource, "namespace": "procs",
        }}});
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let (status, review) = api.post(path, &asked).await;
        assert_eq!(
            (status, &review["status"]["allowed"]),
            (201, &json!(allowed))
        );
    }
}
