//! `GET /audit`: the audit trail from new to old, filtered, in pages.

use std::num::NonZeroU32;

use actix_web::{HttpResponse, web};
use jiff::Timestamp;
use proctor_api::Mistake;

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::store::{AuditFilter, AuditRow};

const DEFAULT_LIMIT: NonZeroU32 = NonZeroU32::new(50).expect("50 is not zero");
const LIMIT: u32 = 500;

pub(in crate::http) async fn list(
    app: web::Data<App>,
    _admitted: Access,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let wanted = Wanted::parse(&query)?;
    let page = app
        .store
        .audit_rows(&wanted.filter, wanted.before, wanted.limit)
        .await?;
    Ok(HttpResponse::Ok().json(proctor_api::AuditPage {
        rows: page.rows.into_iter().map(to_api).collect(),
        next_cursor: page.next.map(|id| id.to_string()),
    }))
}

fn to_api(row: AuditRow) -> proctor_api::AuditRow {
    proctor_api::AuditRow {
        id: row.id,
        at: row.at,
        who: row.who,
        action: row.action,
        target: row.target,
        source: row.source,
        result: row.result,
        count: row.count,
        request_id: row.request_id,
        seal: row.seal,
    }
}

#[derive(Debug)]
struct Wanted {
    filter: AuditFilter,
    before: Option<i64>,
    limit: NonZeroU32,
}

impl Wanted {
    fn parse(query: &[(String, String)]) -> Result<Self, ApiError> {
        let mut wanted = Self {
            filter: AuditFilter::default(),
            before: None,
            limit: DEFAULT_LIMIT,
        };
        let mut mistakes = Vec::new();
        for (name, value) in query {
            if let Err(message) = wanted.take(name, value) {
                mistakes.push(Mistake::new(name.clone(), message));
            }
        }
        if mistakes.is_empty() {
            return Ok(wanted);
        }
        Err(ApiError::Invalid {
            detail: "the query has mistakes".to_owned(),
            mistakes,
        })
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let filter = &mut self.filter;
        match name {
            "who" => filter.who = Some(value.to_owned()),
            "action" => filter.action = Some(value.to_owned()),
            "target" => filter.target = Some(value.to_owned()),
            "source" => filter.source = Some(value.to_owned()),
            "result" => {
                let result = value.parse().map_err(|error| format!("is wrong: {error}"));
                filter.result = Some(result?);
            }
            "since" => filter.since = Some(moment(value)?),
            "until" => filter.until = Some(moment(value)?),
            "cursor" => {
                let before = value.parse();
                self.before = Some(before.map_err(|_| "is no cursor of this list")?);
            }
            "limit" => {
                let limit = value
                    .parse()
                    .ok()
                    .filter(|limit: &NonZeroU32| limit.get() <= LIMIT);
                self.limit = limit.ok_or_else(|| format!("must be from 1 to {LIMIT}"))?;
            }
            _ => {
                return Err(
                    "is no filter; there are who, action, target, source, result, since, until, cursor, limit"
                        .into(),
                );
            }
        }
        Ok(())
    }
}

fn moment(text: &str) -> Result<Timestamp, String> {
    text.parse()
        .map_err(|_| "must be a time such as 2026-01-31T12:00:00Z".to_owned())
}

#[cfg(test)]
mod tests {
    use super::Wanted;

    #[test]
    fn every_mistake_of_a_query_is_told() {
        let bad = [
            ("result", "fine"),
            ("cursor", "x"),
            ("limit", "501"),
            ("since", "today"),
            ("colour", "red"),
        ];
        let query: Vec<_> = bad
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();

        let problem = Wanted::parse(&query).unwrap_err().problem();

        assert_eq!(problem.status, 422);
        assert_eq!(problem.mistakes.len(), bad.len(), "{problem:?}");
    }
}
