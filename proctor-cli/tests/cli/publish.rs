use serde_json::json;

use crate::run::User;
use crate::stub::{Reply, Stub};
use crate::wire::problem;

async fn accepting() -> Stub {
    Stub::start(|request| match request.path() {
        "/metadata" => Reply::Json(
            201,
            json!({"published": [
                {"name": "hello", "warnings": ["takes\u{7} any arg"], "missing_secrets": ["TOKEN"]},
            ]}),
        ),
        path => {
            let digest = path.rsplit('/').next().unwrap();
            Reply::Json(201, json!({"digest": digest, "bytes": request.body.len()}))
        }
    })
    .await
}

#[cfg(unix)]
fn folder(user: &User) -> String {
    use std::os::unix::fs::PermissionsExt as _;
    user.write("hello/metadata.yaml", "name: hello\ncommand: [./run.sh]\n");
    user.write("hello/Dockerfile", "FROM alpine\n");
    let script = user.write("hello/run.sh", "#!/bin/sh\n");
    std::fs::set_permissions(script, std::fs::Permissions::from_mode(0o755)).unwrap();
    user.path("hello")
}

#[cfg(unix)]
#[tokio::test]
async fn a_folder_with_a_command_is_uploaded_and_then_published() {
    let stub = accepting().await;
    let user = User::of(&stub);

    let ended = user
        .run(&["publish", &folder(&user)])
        .await
        .expect_code(0)
        .expect_said("hello: takes\\u{7} any arg")
        .expect_said("proctor secret set hello TOKEN");

    assert_eq!(ended.stdout(), "Published hello\n");
    let [check, bundle, metadata] = stub.requests().try_into().unwrap();
    assert_eq!(check.target, "/metadata?check=true");
    assert_eq!(check.json()[0].get("bundle"), None);
    let digest = bundle.target.strip_prefix("/bundle/").unwrap().to_owned();
    assert!(
        proctor_api::bundle_digest_is_well_formed(&digest),
        "{digest}"
    );
    assert_eq!(metadata.json()[0]["bundle"], digest.as_str());
    assert_eq!(metadata.json()[0]["command"], json!(["./run.sh"]));
    let mut archive = tar::Archive::new(bundle.body.as_slice());
    let names: Vec<String> = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string())
        .collect();
    assert_eq!(names, ["Dockerfile", "metadata.yaml", "run.sh"]);
}

#[tokio::test]
async fn several_documents_are_sent_as_one() {
    let stub = accepting().await;
    let user = User::of(&stub);
    let one = user.write(
        "one.json",
        r#"{"name": "one", "env_vars": {"secrets": [{"name": "S"}]}}"#,
    );
    let two = user.write(
        "two.yaml",
        "- name: two\n- name: three\n  deadline_seconds: 5\n",
    );

    user.run(&["publish", &one, &two]).await.expect_code(0);

    let requests = stub.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].target, "/metadata?check=true");
    let sent = requests[1].json();
    let names: Vec<&str> = sent
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["one", "two", "three"]);
    assert_eq!(sent[2]["deadline_seconds"], 5);
    assert!(sent[0].get("command").is_none());
}

#[tokio::test]
async fn everything_is_checked_before_anything_is_sent() {
    let stub = accepting().await;
    let user = User::of(&stub);
    let good = user.write("good.yaml", "name: good\n");
    let twice = user.write("twice.json", "{\"name\": \"a\",\n\"name\": \"b\"}");
    user.write("folder/metadata.yml", "name: c\ncommand:\n- bin/run\n");
    user.write("folder/readme", "");

    user.run(&[
        "publish",
        &good,
        &twice,
        &user.path("folder"),
        &user.path("none"),
    ])
    .await
    .expect_code(1)
    .expect_said("twice.json:2: ")
    .expect_said("metadata.yml:3: command[0] is `bin/run`, which is not in the folder")
    .expect_said("none: failed to read");

    assert!(stub.requests().is_empty());
}

#[tokio::test]
async fn the_services_mistakes_are_told_at_their_lines() {
    let stub = Stub::start(|_| {
        problem(
            422,
            json!({"mistakes": [
                {"at": "[1].env_vars.args[0].type", "message": "must be string or choice"},
                {"at": "[0].image_name", "message": "is empty"},
            ]}),
        )
    })
    .await;
    let user = User::of(&stub);
    let one = user.write("one.yaml", "name: one\n");
    let two = user.write(
        "two.yaml",
        "name: two\nenv_vars:\n  args:\n  - name: A\n    type: choice\n",
    );

    user.run(&["publish", &one, &two])
        .await
        .expect_code(1)
        .expect_said("two.yaml:5: env_vars.args[0].type must be string or choice")
        .expect_said("one.yaml: image_name is empty");
}

#[tokio::test]
async fn files_without_a_command_stay_here_and_that_is_said() {
    let stub = accepting().await;
    let user = User::of(&stub);
    user.write("hello/metadata.json", r#"{"name": "hello"}"#);
    user.write("hello/Dockerfile", "FROM alpine\n");

    user.run(&["publish", &user.path("hello"), "-o", "name"])
        .await
        .expect_code(0)
        .expect_said("not uploaded, because its document has no `command`");

    let targets: Vec<String> = stub
        .requests()
        .into_iter()
        .map(|request| request.target)
        .collect();
    assert_eq!(targets, ["/metadata?check=true", "/metadata"]);
}

#[tokio::test]
async fn what_breaks_schedules_is_published_by_force_alone() {
    let stub = Stub::start(|request| {
        if request.target.contains("force=true") {
            return Reply::Json(201, json!({"published": [{"name": "report"}]}));
        }
        let broken = "of report, ann@example.org's: args.DAY is not an arg of this proc";
        problem(
            409,
            json!({
                "type": "/problems/breaks-schedules",
                "detail": "it would break schedules, 1 in all: publish it with force to have them held",
                "mistakes": [{"at": "schedule 77", "message": broken}],
            }),
        )
    })
    .await;
    let user = User::of(&stub);
    let document = user.write("report.yaml", "name: report\n");

    let refused = user.run(&["publish", &document]).await.expect_code(1);
    assert_eq!(
        refused.stderr,
        "it would break schedules, 1 in all: publish it with force to have them held\n  \
         schedule 77 of report, ann@example.org's: args.DAY is not an arg of this proc\n"
    );
    let forced = ["publish", &document, "--force"];
    user.run(&forced).await.expect_code(0);

    let targets: Vec<_> = stub
        .requests()
        .iter()
        .map(|one| one.target.clone())
        .collect();
    assert_eq!(
        targets,
        [
            "/metadata?check=true",
            "/metadata?check=true&force=true",
            "/metadata?force=true"
        ]
    );
}
