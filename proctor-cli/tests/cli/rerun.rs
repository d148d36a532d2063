use serde_json::{Value, json};

use crate::run::User;
use crate::stub::{Reply, Step, Stub};
use crate::wire::{end, execution, problem};

async fn service() -> Stub {
    Stub::start(|request| match request.path() {
        "/execution/7/rerun" if request.before == 0 => Reply::Drop,
        "/execution/7/rerun" => Reply::Json(201, execution("CREATED")),
        "/execution/logs" => Reply::Log(vec![
            Step::Bytes(0, b"again\n".to_vec()),
            end(6, json!({"status": "FAILED", "exit_code": 3})),
        ]),
        _ => problem(404, json!({"detail": "No execution has the id 8."})),
    })
    .await
}

#[tokio::test]
async fn a_rerun_is_followed_as_an_execution_is() {
    let stub = service().await;

    let ended = User::of(&stub).run(&["rerun", "7"]).await.expect_code(3);

    assert_eq!(ended.stdout(), "again\n");
    assert_eq!(
        ended.stderr,
        format!(
            "{:<40} 7\n\nExecution Created\n{:<40} 42\n{:<40} proctor-5f\n\nStreaming logs\nExecution failed: exit code 3\n",
            "Rerunning Execution", "ID", "Name"
        )
    );
    let requests = stub.requests();
    assert_eq!(requests[0].method, "POST");
    let key = requests[0].header("Idempotency-Key");
    assert_eq!(key.len(), 36);
    assert_eq!(
        key,
        requests[1].header("Idempotency-Key"),
        "once, though asked twice"
    );
}

#[tokio::test]
async fn a_detached_rerun_tells_itself_in_every_way() {
    let stub = service().await;
    let user = User::of(&stub);

    let text = user.run(&["rerun", "7", "--detach"]).await.expect_code(0);
    assert_eq!(
        text.stdout(),
        format!(
            "{:<40} 42\n{:<40} proctor-5f\n{:<40} CREATED\n",
            "ID", "Name", "Status"
        )
    );
    let name = user.run(&["rerun", "7", "--detach", "-oname"]).await;
    assert_eq!(name.expect_code(0).stdout(), "42\n");
    let json = user.run(&["rerun", "7", "--detach", "-ojson"]).await;
    let told: Value = serde_json::from_str(json.expect_code(0).stdout()).unwrap();
    assert_eq!(told["id"], 42);

    user.run(&["rerun", "7", "-ojson"]).await.expect_code(2);
    user.run(&["rerun", "8"])
        .await
        .expect_code(125)
        .expect_said("No execution has the id 8.");
}
