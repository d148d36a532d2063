//! `GET /execution/{id}/logs`: the log as raw bytes, or as lines of JSON with its events. It is read as the
//! client takes it, never more than a piece ahead.

mod stream;
mod wanted;

use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, web};

use super::find;
use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::logs::tail;
use stream::{Form, Reading};
use wanted::Wanted;

/// Names the offset of the first byte.
const OFFSET_HEADER: &str = "Proctor-Log-Offset";
const NDJSON: &str = "application/x-ndjson";
const BYTES: &str = "application/octet-stream";

pub(in crate::http) async fn read_log(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
    query: web::Query<Vec<(String, String)>>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let wanted = Wanted::parse(&query)?;
    let execution = find(&app, &access, &id).await?;
    let length = app.store.log_tail(execution.id).await?.offset;
    let mut begin = wanted.offset;
    if let Some(lines) = wanted.tail {
        let store = app.store.as_ref();
        let last = tail::begin_of_last_lines(store, execution.id, lines, length).await?;
        begin = begin.max(last);
    }
    let mut follower = app.logs.follow(execution.id, begin);
    let first = follower.next_now().await?;
    let offset = match first.as_ref().and_then(|slice| slice.chunks.first()) {
        Some(chunk) => chunk.offset,
        None => follower.offset(),
    };
    let (form, content_type) = if reads_ndjson(request.headers()) {
        (Form::Lines, NDJSON)
    } else {
        (Form::Bytes, BYTES)
    };
    let until = (!wanted.follow).then_some(length);
    let reading = Reading::new(follower, form, until, app.shutdown.clone());
    Ok(HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((OFFSET_HEADER, offset.to_string()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(reading.after(first).into_stream()))
}

/// Whether the client names lines of JSON among what it accepts.
fn reads_ndjson(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .any(|kind| kind.trim().eq_ignore_ascii_case(NDJSON))
}
