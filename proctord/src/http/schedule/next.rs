//! `GET /schedule/{id}/next`: the moments to come, with what changes of the clock do to them.

use actix_web::{HttpResponse, web};
use jiff::Timestamp;
use proctor_api::{Mistake, NextMoments};
use serde::Deserialize;

use crate::app::App;
use crate::domain::schedule::moment_to_api;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::http::query;
use crate::store::StoreError;

const DEFAULT_COUNT: usize = 5;
const LIMIT: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Wanted {
    count: Option<usize>,
}

pub(in crate::http) async fn next(
    app: web::Data<App>,
    access: Access,
    id: web::Path<String>,
    wanted: web::Query<Wanted>,
) -> Result<HttpResponse, ApiError> {
    let count = wanted.count.unwrap_or(DEFAULT_COUNT);
    if !(1..=LIMIT).contains(&count) {
        let message = format!("must be from 1 to {LIMIT}");
        query::refuse(vec![Mistake::new("count", message)])?;
    }
    let schedule = super::find(&app, &access, &id).await?;
    let moments = schedule
        .definition
        .moments()
        .map_err(|error| StoreError::damaged(format!("schedule {}", schedule.id), error))?;
    let now = app.store.clock().await?;
    let moments = moments.moments_between(now, Timestamp::MAX, count);
    Ok(HttpResponse::Ok().json(NextMoments {
        time_zone: schedule.definition.time_zone,
        moments: moments.iter().map(moment_to_api).collect(),
        paused: schedule.paused,
        held: schedule.held.map(|held| held.notice().to_owned()),
    }))
}
