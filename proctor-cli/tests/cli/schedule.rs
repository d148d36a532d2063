//! `proctor schedule`, against a service that answers with one schedule.

mod again;
mod create;
mod flags;
mod help;
mod modes;
mod see;
mod update;

use serde_json::json;

use crate::run::User;
use crate::stub::{Reply, Request, Stub};
use crate::wire::{execution, moments, schedule};

/// Every route of schedules, and the two that `create` asks before.
fn service(request: &Request) -> Reply {
    match (request.method.as_str(), request.path()) {
        ("GET", "/metadata/report") => Reply::Json(200, json!({"name": "report"})),
        ("GET", "/metadata/list") => Reply::Json(200, json!({"name": "list"})),
        ("GET", "/schedule") => Reply::Json(200, json!([schedule()])),
        ("POST", "/schedule") => Reply::Json(201, told()),
        ("GET", "/schedule/77") => Reply::Json(200, schedule()),
        ("PUT", "/schedule/77") => Reply::Json(200, told()),
        ("POST", "/schedule/77/pause") => {
            let mut paused = schedule();
            paused["paused"] = true.into();
            paused["enabled"] = false.into();
            Reply::Json(200, paused)
        }
        ("POST", "/schedule/77/resume") => Reply::Json(200, schedule()),
        ("POST", "/schedule/77/run") => Reply::Json(201, execution("CREATED")),
        ("GET", "/schedule/77/next") => Reply::Json(
            200,
            json!({"time_zone": "Europe/Berlin", "moments": moments()}),
        ),
        ("GET", "/schedule/78/next") => Reply::Json(
            200,
            json!({"time_zone": "Europe/Berlin", "moments": moments(), "paused": true}),
        ),
        ("GET", "/schedule/79/next") => Reply::Json(
            200,
            json!({"time_zone": "Europe/Berlin", "moments": moments(), "held": "no longer fits"}),
        ),
        ("GET", "/schedule/77/firings") => Reply::Json(200, json!({"firings": firings()})),
        ("DELETE", "/schedule/77") => Reply::Text(204, ""),
        _ => Reply::Text(404, "no such route"),
    }
}

/// A schedule as it is told where it was made or changed.
fn told() -> serde_json::Value {
    let mut told = schedule();
    told["next"] = moments();
    told
}

fn firings() -> serde_json::Value {
    json!([
        {"kind": "run", "fired_at": "2026-03-28T09:00:07.5Z", "execution_id": 43, "status": "RUNNING"},
        {
            "kind": "stretch", "from": "2026-03-26T01:30:00Z", "to": "2026-03-28T01:30:00Z", "count": 3, "why": "paused",
        },
        {
            "kind": "fired", "moment": "2026-03-25T01:30:00Z", "fired_at": "2026-03-25T01:30:00.2Z",
            "execution_id": 42, "status": "SUCCEEDED",
        },
    ])
}

/// Somebody in New York, and what was asked of the service.
async fn user() -> (User, Stub) {
    let stub = Stub::start(service).await;
    let user = User::of(&stub).with("TZ", "America/New_York");
    (user, stub)
}

const NEEDED: [&str; 6] = ["-g", "ops", "-n", "ann@example.org", "-T", "nightly"];
