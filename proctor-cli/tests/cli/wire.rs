//! What the service sends, as the tests need it.

use serde_json::{Value, json};

use crate::stub::{Reply, Step};

/// An execution on the wire.
pub fn execution(status: &str) -> Value {
    json!({
        "id": 42, "job_name": "say-hello", "name": "proctor-5f", "image_tag": "hello:1",
        "created_at": "2026-11-20T10:00:00Z", "updated_at": "2026-11-20T10:00:01Z", "status": status,
    })
}

/// An end event.
pub fn end(bytes: usize, mut how: Value) -> Step {
    how["event"] = "end".into();
    how["offset"] = bytes.into();
    how["bytes"] = bytes.into();
    how["log_complete"] = true.into();
    Step::Event(how)
}

/// A problem answer.
pub fn problem(status: u16, mut body: Value) -> Reply {
    body["status"] = status.into();
    if body["type"].is_null() {
        body["type"] = "/problems/some".into();
    }
    Reply::Json(status, body)
}

/// A row of the audit trail.
pub fn audit_row() -> Value {
    json!({
        "id": 7, "at": "2026-11-20T10:00:00Z", "who": "ann@example.org", "action": "secret.set",
        "target": "say-hello/TOKEN", "source": "192.0.2.1", "result": "done", "count": 1,
        "request_id": "6f1c", "seal": 3,
    })
}

/// A schedule on the wire.
pub fn schedule() -> Value {
    json!({
        "id": 77, "jobName": "report", "args": {"DAY": "Monday"}, "tags": "nightly,ops", "cron": "0 30 2 * * *",
        "notificationEmails": "ann@example.org", "userEmail": "ann@example.org", "group": "ops", "enabled": true,
        "createdAt": "2026-03-20T10:00:00Z", "updatedAt": "2026-03-21T10:00:00Z", "time_zone": "Europe/Berlin",
        "overlap": "allow", "misfire": "once", "misfire_after": 60, "jitter_seconds": 0, "notify_on": "always",
        "paused": false, "next_at": "2026-03-28T01:30:00Z",
    })
}

/// Two moments in Berlin, the second on the day on which the clock goes forward.
pub fn moments() -> Value {
    json!([
        {"at": "2026-03-28T01:30:00Z", "local": "2026-03-28T02:30:00", "offset_seconds": 3600},
        {
            "at": "2026-03-29T01:00:00Z", "local": "2026-03-29T03:00:00", "offset_seconds": 7200,
            "daylight_saving": {"kind": "skipped", "from": "2026-03-29T02:30:00"},
        },
    ])
}
