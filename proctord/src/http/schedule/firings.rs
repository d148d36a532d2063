//! `GET /schedule/{id}/firings`: what became of a schedule's moments, newest first, in pages; also of one that was
//! removed.

use std::num::NonZeroU32;

use actix_web::{HttpResponse, web};
use proctor_api::{FiringPage, Mistake};
use serde::Deserialize;

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::http::query;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Wanted {
    cursor: Option<String>,
    limit: Option<String>,
}

pub(in crate::http) async fn firings(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, ApiError> {
    let (before, limit) = parse(&wanted)?;
    let schedule = super::find_ever(&app, &access, &id).await?;
    let page = app.store.firings(schedule.id, before, limit).await?;
    Ok(HttpResponse::Ok().json(FiringPage {
        firings: page.firings,
        next_cursor: page.next.map(|number| number.to_string()),
    }))
}

fn parse(wanted: &Wanted) -> Result<(Option<i64>, NonZeroU32), ApiError> {
    let mut mistakes = Vec::new();
    let before = wanted.cursor.as_deref().map(str::parse::<i64>);
    if matches!(before, Some(Err(_))) {
        mistakes.push(Mistake::new("cursor", "is no cursor of this list"));
    }
    let limit = wanted.limit.as_deref().map(query::limit);
    if let Some(Err(message)) = &limit {
        mistakes.push(Mistake::new("limit", message));
    }
    query::refuse(mistakes)?;
    let limit = limit.and_then(Result::ok).unwrap_or(query::DEFAULT_LIMIT);
    Ok((before.and_then(Result::ok), limit))
}
