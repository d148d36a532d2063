//! `GET /audit`: the audit trail from new to old, filtered, in pages.

use std::num::NonZeroU32;

use actix_web::{HttpResponse, web};

use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::http::query;
use crate::store::{AuditFilter, AuditRow};

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
    fn parse(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut wanted = Self {
            filter: AuditFilter::default(),
            before: None,
            limit: query::DEFAULT_LIMIT,
        };
        query::take_each(pairs, |name, value| wanted.take(name, value))?;
        Ok(wanted)
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
            "since" => filter.since = Some(query::moment(value)?),
            "until" => filter.until = Some(query::moment(value)?),
            "cursor" => {
                let before = value.parse();
                self.before = Some(before.map_err(|_| "is no cursor of this list")?);
            }
            "limit" => self.limit = query::limit(value)?,
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
