//! What is asked, in the order of the page.

use proctor_testkit::wait_for_async;
use proctord::bundle::digest;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Ask, Book};

const GIVEN_UP: &str = "d3adf00d-9b1e-4d0c-8a37-000000000001";
/// One that was given up, which nobody waits a day for here, and one that came through.
const DELIVERIES: &str = "
    INSERT INTO delivery (id, kind, lane, target, event, payload, state, attempts, last_error, next_at, created_at, updated_at)
    SELECT 'd3adf00d-9b1e-4d0c-8a37-000000000001', 'mail', 'mail', 'ann@example.com', 'finished', '{}', 'dead', 1,
           'the mail server refuses it for good: permanent error (550): 5.1.1 no such user', at, at, at
      FROM (SELECT 1795176000123456 AS at)
    UNION ALL
    SELECT 'd3adf00d-9b1e-4d0c-8a37-000000000002', 'mail', 'mail', 'bob@example.com', 'finished', '{}', 'delivered', 1,
           NULL, at, at, at
      FROM (SELECT 1795176000123456 AS at)";

pub async fn write(book: &mut Book) {
    service(book).await;
    procs(book).await;
    secrets(book).await;
    executions(book).await;
    begun(book).await;
    queued(book).await;
    schedules(book).await;
    refusals(book).await;
    deliveries(book).await;
    audit(book).await;
    book.title("Not ready");
    book.service
        .sql("proctor.db", "ALTER TABLE installation RENAME TO lost")
        .await;
    book.ask(Ask::get("/readyz", &[]).plain().show()).await;
}

async fn service(book: &mut Book) {
    for name in ["say-hello", "count-down", "fail-on-purpose"] {
        let ask = Ask::new(Method::DELETE, "/metadata/{name}", &[name]);
        book.ask(ask).await;
    }
    book.title("The service itself");
    for path in ["/ping", "/healthz", "/readyz"] {
        book.ask(Ask::get(path, &[]).plain().show()).await;
    }
    book.ask(Ask::get("/metrics", &[]).plain().show_first(103))
        .await;
    book.ask(Ask::get("/openapi.json", &[]).plain().show_first(60))
        .await;
    book.ask(Ask::get("/swagger.yml", &[]).plain().show_first(123))
        .await;
    // The client follows redirects, so this one is asked past it.
    let ask = Ask::get("/docs", &[]).plain();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let url = format!("http://{}/docs", book.service.proctord.address());
    let answer = client.build().unwrap().get(url).send().await.unwrap();
    assert_eq!(answer.headers()["location"], "/docs/");
    book.saw(&ask, answer.status().as_u16());
    book.say("`/docs` leads (302) to `/docs/`, which shows the OpenAPI document as a page.");
    book.ask(Ask::get("/docs/", &[]).plain().show_first(15))
        .await;
    let who = Ask::get("/whoami", &[]);
    book.ask(who.header("Email-Id", "me@example.com").show())
        .await;
    let long = "x".repeat(300);
    book.ask(Ask::get("/whoami", &[]).header("Email-Id", &long))
        .await;
}

async fn procs(book: &mut Book) {
    book.title("Procs");
    let proc = json!([{"name": "wait", "command": ["sleep", "600"], "description": "Waits ten minutes",
        "env_vars": {"args": [{"name": "WHY", "required": true}]}}]);
    let post = |body: &Value| Ask::post("/metadata", &[]).json_body(body);
    book.ask(post(&proc).query("check=true")).await;
    book.ask(post(&proc).show()).await;
    let wrong = json!([{"name": "wait", "comand": ["sleep"], "retries": -1}]);
    book.ask(post(&wrong).show()).await;
    book.ask(post(&wrong).plain().show()).await;
    book.ask(post(&proc).query("check=perhaps")).await;
    book.ask(post(&json!(["x".repeat(2 << 20)]))).await;
    book.ask(Ask::get("/metadata", &[]).show()).await;
    book.ask(Ask::get("/metadata/{name}", &["wait"]).show())
        .await;
    book.ask(Ask::get("/metadata/{name}", &["nosuch"]).show())
        .await;
    book.ask(Ask::get("/metadata/{name}", &["nosuch"]).plain().show())
        .await;
    let delete = |name| Ask::new(Method::DELETE, "/metadata/{name}", &[name]);
    book.ask(post(&json!([{"name": "gone", "command": ["true"]}])))
        .await;
    book.ask(delete("gone").query("secrets=true").show()).await;
    book.ask(delete("gone")).await;
    book.ask(delete("gone").query("secrets=perhaps")).await;
    let mut files = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o755);
    header.set_size(4);
    files
        .append_data(&mut header, "run", b"true".as_slice())
        .unwrap();
    let files = files.into_inner().unwrap();
    let (good, other) = (digest(&files), digest(b"other"));
    let put = |digest: &str| Ask::new(Method::PUT, "/bundle/{digest}", &[digest]);
    book.ask(put(&good).body(files.clone()).show()).await;
    book.ask(put(&other).body(files)).await;
    book.ask(put(&other).body(vec![0; 5 << 20])).await;
    book.ask(Ask::get("/bundle/{digest}", &[&good])).await;
    book.ask(Ask::get("/bundle/{digest}", &[&other]).show())
        .await;
}

async fn secrets(book: &mut Book) {
    book.title("Secrets");
    let all = |body: &Value| Ask::post("/secret", &[]).json_body(body);
    book.ask(all(&json!({"job_name": "wait", "secrets": {"TOKEN": "t0p"}})).show())
        .await;
    book.ask(all(
        &json!({"job_name": "wait", "secrets": {"PATH": "t0p"}}),
    ))
    .await;
    book.ask(all(&json!([1])).plain().show()).await;
    let put = |key, body: &Value| {
        let ask = Ask::new(Method::PUT, "/secret/{name}/{key}", &["wait", key]);
        ask.json_body(body)
    };
    book.ask(put("KEY", &json!({"value": "s3cret"})).show())
        .await;
    book.ask(put("SHORT", &json!({"value": "s3c"})).show())
        .await;
    book.ask(put("KEY", &json!("s3cret"))).await;
    book.ask(put("no-name", &json!({"value": "s3cret"}))).await;
    book.ask(Ask::get("/secret/{name}", &["wait"]).show()).await;
    book.ask(Ask::get("/secret/{name}", &["nosuch"])).await;
    let delete = || Ask::new(Method::DELETE, "/secret/{name}/{key}", &["wait", "KEY"]);
    book.ask(delete().show()).await;
    book.ask(delete().show()).await;
}

async fn deliveries(book: &mut Book) {
    book.title("Deliveries");
    book.service.sql("proctor.db", DELIVERIES).await;
    let list = || Ask::get("/delivery", &[]);
    book.ask(list().query("state=dead").show()).await;
    book.ask(list().query("kind=pigeon").show()).await;
    let retry = |id| Ask::new(Method::POST, "/delivery/{id}/retry", &[id]);
    book.ask(retry(GIVEN_UP).show()).await;
    book.ask(retry("d3adf00d-9b1e-4d0c-8a37-000000000002").show())
        .await;
    book.ask(retry("d3adf00d-9b1e-4d0c-8a37-000000000003"))
        .await;
}

async fn audit(book: &mut Book) {
    book.title("The audit trail");
    // A row is shown once it has its seal; with this filter it is always the same one.
    let query = "target=wait/SHORT&result=done";
    wait_for_async("the row to be sealed", async || {
        let page = book.service.get(&format!("/audit?{query}")).await.json();
        let seal = page["rows"][0]["seal"].clone();
        if seal.is_null() { Err(page) } else { Ok(()) }
    })
    .await;
    book.ask(Ask::get("/audit", &[]).query(query).show()).await;
    book.ask(Ask::get("/audit", &[]).query("result=fine").show())
        .await;
}

async fn executions(book: &mut Book) {
    book.title("Executions");
    let create = |body: &Value| {
        let ask = Ask::post("/execution", &[]).json_body(body);
        ask.header("Email-Id", "me@example.com")
    };
    let body = json!({"name": "wait", "args": {"WHY": "to see"}});
    let ask = create(&body).header("Idempotency-Key", "k-1").show();
    let id = book.ask(ask).await.json()["id"].clone();
    let other = json!({"name": "wait", "args": {"WHY": "again"}});
    book.ask(create(&other).header("Idempotency-Key", "k-1").show())
        .await;
    book.ask(create(&json!({"name": "wait"})).show()).await;
    book.ask(create(&json!({"name": "wait"})).plain().show())
        .await;
    book.ask(create(&json!({"name": "nosuch"})).show()).await;
    book.ask(create(&json!({"name": "nosuch"})).plain().show())
        .await;
    book.ask(create(&json!([])).plain().show()).await;
    book.ask(create(&json!("x".repeat(2 << 20)))).await;
    book.service.wait_for(&id, "RUNNING").await;
    let id = id.to_string();
    book.ask(Ask::get("/execution/{id}/status", &[&id]).show())
        .await;
    let stop = || Ask::post("/execution/{id}/stop", &[&id]);
    book.ask(stop().json_body(&json!({"force": true})).show())
        .await;
    book.ask(stop().json_body(&json!({"grace_seconds": 5})).show())
        .await;
    let number: Value = id.parse().unwrap();
    book.service.wait_for(&number, "STOPPED").await;
    book.ask(Ask::get("/execution/{id}", &[&id]).show()).await;
    book.ask(Ask::get("/execution", &[]).query("proc=wait&limit=1"))
        .await;
    book.ask(
        Ask::get("/execution", &[])
            .query("limit=501&colour=red")
            .show(),
    )
    .await;
}

/// What begins with an execution that is there.
async fn begun(book: &mut Book) {
    let page = book
        .service
        .get("/execution?proc=wait&status=STOPPED")
        .await
        .json();
    let id = page["executions"][0]["id"].to_string();
    let rerun = |id: &str| Ask::post("/execution/{id}/rerun", &[id]);
    book.ask(rerun(&id).header("Idempotency-Key", "r-1").show())
        .await;
    book.ask(rerun(&id).header("Idempotency-Key", "k-2")).await;
    let second = book.ask(rerun(&id)).await.json()["id"].to_string();
    book.ask(rerun(&second).header("Idempotency-Key", "r-1"))
        .await;
    let page = book
        .service
        .get("/execution?status=REQUIREMENT_NOT_MET")
        .await
        .json();
    let refused = page["executions"][0]["id"].to_string();
    book.ask(rerun(&refused).show()).await;

    let log = |query| Ask::get("/execution/{id}/logs", &[&id]).query(query);
    book.ask(log("offset=0").show()).await;
    book.ask(log("offset=here&follow=perhaps").show()).await;

    let ask = Ask::get("/execution/logs", &[]).query(&format!("context_id={id}"));
    let request = book.service.plain(Method::GET, &ask.path);
    let request = request
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", "x3JJHMbDL1EzLkh9GBhXDw==");
    let status = request.send().await.unwrap().status().as_u16();
    book.saw(&ask, status);
    book.say("`/execution/logs` is a websocket; without its handshake it says so:");
    book.ask(ask.show()).await;
}

/// A request for a schedule whose moments are the same whenever it is asked for.
fn wanted(day: &str) -> Value {
    json!({"jobName": "report", "args": {"DAY": day}, "tags": "nightly", "cron": "30 2 * * *",
        "notificationEmails": "ann@example.com", "group": "ops", "time_zone": "Europe/Berlin",
        "not_before": "2030-03-29T23:00:00Z"})
}

async fn schedules(book: &mut Book) {
    book.title("Schedules");
    let mut proc = json!([{"name": "report", "command": ["true"],
        "env_vars": {"args": [{"name": "DAY", "required": true}]}}]);
    book.ask(Ask::post("/metadata", &[]).json_body(&proc)).await;
    book.ask(Ask::get("/schedule", &[]).plain().show()).await;
    let create = |body: &Value| {
        let ask = Ask::post("/schedule", &[]).json_body(body);
        ask.header("Email-Id", "ann@example.com")
    };
    let monday = wanted("Monday");
    let keyed = |body: &Value| create(body).header("Idempotency-Key", "s-1");
    let id = book.ask(keyed(&monday).show()).await.json()["id"].to_string();
    book.say("Asked for again under its key it is the same one, and something else is refused:");
    book.ask(keyed(&monday)).await;
    book.ask(keyed(&wanted("Tuesday")).show()).await;
    book.ask(create(&monday).show()).await;
    book.ask(create(&monday).plain().show()).await;
    book.ask(create(&json!({"jobName": "report", "cron": "61 * * * *"})).show())
        .await;
    book.ask(create(&json!({"jobName": "report", "cron": "61 * * * *"})).plain())
        .await;
    book.ask(create(&json!([]))).await;
    let mut nosuch = wanted("Monday");
    nosuch["jobName"] = json!("nosuch");
    book.ask(create(&nosuch).plain().show()).await;
    book.ask(create(&nosuch)).await;
    book.ask(Ask::get("/schedule", &[])).await;
    book.ask(Ask::get("/schedule/{id}", &[&id]).show()).await;
    next_and_firings(book, &id).await;
    changes(book, &id).await;
    proc[0]["env_vars"]["args"][0]["pattern"] = json!("[0-9]+");
    let publish = || Ask::post("/metadata", &[]).json_body(&proc);
    book.ask(publish().show()).await;
    book.ask(publish().query("force=true")).await;
    book.say("With `force=true` it is published, and the schedule is held with a notice:");
    book.ask(Ask::get("/schedule/{id}", &[&id]).show()).await;
    book.ask(Ask::post("/schedule/{id}/run", &[&id]).show())
        .await;
    removals(book, &id).await;
}

async fn next_and_firings(book: &mut Book, id: &str) {
    let next = || Ask::get("/schedule/{id}/next", &[id]);
    book.ask(next().query("count=2").show()).await;
    book.ask(next().query("count=0")).await;
    let run = || {
        let run = Ask::post("/schedule/{id}/run", &[id]);
        run.header("Email-Id", "bob@example.com")
    };
    let ran = book
        .ask(run().header("Idempotency-Key", "r-2").show())
        .await;
    let ran = ran.json();
    let taken = json!({"name": "report", "args": {"DAY": "Friday"}});
    let taken = Ask::post("/execution", &[]).json_body(&taken);
    let taken = taken.header("Email-Id", "bob@example.com");
    book.ask(taken.header("Idempotency-Key", "r-3")).await;
    book.ask(run().header("Idempotency-Key", "r-3")).await;
    book.service.wait_for(&ran["id"], "SUCCEEDED").await;
    let firings = || Ask::get("/schedule/{id}/firings", &[id]);
    book.ask(firings().query("limit=10").show()).await;
    book.ask(firings().query("limit=501&cursor=here").show())
        .await;
}

async fn changes(book: &mut Book, id: &str) {
    book.ask(Ask::post("/schedule/{id}/pause", &[id]).show())
        .await;
    let again = Ask::post("/schedule", &[]).json_body(&wanted("Monday"));
    let other = book.ask(again).await.json()["id"].to_string();
    book.ask(Ask::post("/schedule/{id}/resume", &[id]).show())
        .await;
    let put = |id: &str, body: &Value| {
        let ask = Ask::new(Method::PUT, "/schedule/{id}", &[id]);
        ask.json_body(body).header("Email-Id", "bob@example.com")
    };
    book.ask(put(&other, &wanted("Tuesday"))).await;
    book.ask(Ask::post("/schedule/{id}/resume", &[id])).await;
    let mut changed = wanted("Tuesday");
    book.ask(put(id, &changed)).await;
    changed["jobName"] = json!("nosuch");
    book.ask(put(id, &changed)).await;
    changed["misfire_limit"] = json!(0);
    book.ask(put(id, &changed)).await;
    book.ask(put(id, &json!([]))).await;
    let delete = |id: &str| Ask::new(Method::DELETE, "/schedule/{id}", &[id]);
    book.ask(delete(&other).plain().show()).await;
    let mut changed = wanted("Tuesday");
    changed["overlap"] = json!("forbid");
    changed["jitter_seconds"] = json!(300);
    book.ask(put(id, &changed).show()).await;
}

async fn removals(book: &mut Book, id: &str) {
    let delete = |id: &str| Ask::new(Method::DELETE, "/schedule/{id}", &[id]);
    book.ask(delete(id).show()).await;
    book.ask(delete(id).plain().show()).await;
    book.ask(delete("x")).await;
    for path in [
        "/schedule/{id}",
        "/schedule/{id}/next",
        "/schedule/{id}/firings",
    ] {
        book.ask(Ask::get(path, &["x"])).await;
        book.ask(Ask::get(path, &["4711"])).await;
    }
    for path in [
        "/schedule/{id}/pause",
        "/schedule/{id}/resume",
        "/schedule/{id}/run",
    ] {
        book.ask(Ask::post(path, &["x"])).await;
        book.ask(Ask::post(path, &["4711"])).await;
    }
    let put = Ask::new(Method::PUT, "/schedule/{id}", &["4711"]);
    book.ask(put.json_body(&wanted("Monday"))).await;
}

/// What waits for a slot.
async fn queued(book: &mut Book) {
    let proc = json!([{"name": "one-by-one", "command": ["sleep", "600"], "max_concurrent": 1}]);
    book.ask(Ask::post("/metadata", &[]).json_body(&proc)).await;
    let create = || Ask::post("/execution", &[]).json_body(&json!({"name": "one-by-one"}));
    book.ask(create()).await;
    let waiting = book.ask(create()).await.json()["id"].to_string();
    book.say("One that is QUEUED tells its place in the queue, and the limit that it waits for:");
    book.ask(Ask::get("/execution/{id}", &[&waiting]).show())
        .await;
}

async fn refusals(book: &mut Book) {
    book.title("Refusals");
    let paths = [
        "/execution/{id}",
        "/execution/{id}/status",
        "/execution/{id}/logs",
    ];
    for path in paths {
        book.ask(Ask::get(path, &["x"])).await;
        book.ask(Ask::get(path, &["4711"])).await;
    }
    for path in ["/execution/{id}/stop", "/execution/{id}/rerun"] {
        book.ask(Ask::post(path, &["x"])).await;
        book.ask(Ask::post(path, &["4711"])).await;
    }
    book.ask(Ask::get("/execution/{id}/status", &["x"]).plain().show())
        .await;
    book.ask(Ask::get("/execution/{id}/status", &["4711"]).plain().show())
        .await;
    book.ask(Ask::get("/execution/{id}/status", &["4711"]).show())
        .await;
}
