//! `GET /delivery`: deliveries from new to old, filtered, in pages.

use std::num::NonZeroU32;

use actix_web::{HttpResponse, web};

use super::to_api;
use crate::app::App;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::http::query;
use crate::store::{DeliveryCursor, DeliveryFilter};

pub(in crate::http) async fn list(
    app: web::Data<App>,
    _admitted: Access,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let wanted = Wanted::parse(&query)?;
    let page = app
        .store
        .deliveries(&wanted.filter, wanted.after.as_ref(), wanted.limit)
        .await?;
    Ok(HttpResponse::Ok().json(proctor_api::DeliveryPage {
        deliveries: page.deliveries.into_iter().map(to_api).collect(),
        next_cursor: page.next.as_ref().map(cursor),
    }))
}

fn cursor(place: &DeliveryCursor) -> String {
    format!("{}_{}", place.created_at, place.id)
}

fn place(cursor: &str) -> Option<DeliveryCursor> {
    let (created_at, id) = cursor.split_once('_')?;
    Some(DeliveryCursor {
        created_at: query::moment(created_at).ok()?,
        id: id.to_owned(),
    })
}

#[derive(Debug)]
struct Wanted {
    filter: DeliveryFilter,
    after: Option<DeliveryCursor>,
    limit: NonZeroU32,
}

impl Wanted {
    fn parse(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut wanted = Self {
            filter: DeliveryFilter::default(),
            after: None,
            limit: query::DEFAULT_LIMIT,
        };
        query::take_each(pairs, |name, value| wanted.take(name, value))?;
        Ok(wanted)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let filter = &mut self.filter;
        match name {
            "kind" => {
                let kind = value.parse().map_err(|error| format!("is wrong: {error}"));
                filter.kind = Some(kind?);
            }
            "state" => {
                let state = value.parse().map_err(|error| format!("is wrong: {error}"));
                filter.state = Some(state?);
            }
            "execution" => {
                let id = value.parse().map_err(|_| "is no id of an execution");
                filter.execution = Some(id?);
            }
            "cursor" => {
                let after = place(value).ok_or("is no cursor of this list");
                self.after = Some(after?);
            }
            "limit" => self.limit = query::limit(value)?,
            _ => {
                return Err("is no filter; there are kind, state, execution, cursor, limit".into());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{DeliveryCursor, Wanted, cursor, place};

    #[test]
    fn every_mistake_of_a_query_is_told() {
        let bad = [
            ("kind", "pigeon"),
            ("state", "lost"),
            ("execution", "x"),
            ("cursor", "x"),
            ("limit", "501"),
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

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let end = DeliveryCursor {
            created_at: "2026-11-20T12:00:00.123456Z".parse().unwrap(),
            id: "6f1c0a52-9b1e-4d0c-8a37-000000000017".to_owned(),
        };

        assert_eq!(place(&cursor(&end)), Some(end));
    }
}
