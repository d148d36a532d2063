//! `GET /execution`: executions from new to old, filtered, in pages.

use std::num::NonZeroU32;

use actix_web::{HttpResponse, web};
use jiff::Timestamp;
use proctor_api::ExecutionPage;

use super::groups::Groups;
use crate::app::App;
use crate::domain::execution::Execution;
use crate::http::access::Access;
use crate::http::error::ApiError;
use crate::http::query;
use crate::store::{Cursor, Filter};

/// Where one page of rows is not enough since others' are among them: how many are read at a time, and how often. Only
/// beyond that does a page end before it is full, at a row that may be another's.
const ROWS_OF_OTHERS: NonZeroU32 = NonZeroU32::new(500).expect("500 is not zero");
const MOST_LOOKS: usize = 40;

pub(in crate::http) async fn list(
    app: web::Data<App>,
    access: Access,
    query: web::Query<Vec<(String, String)>>,
) -> Result<HttpResponse, ApiError> {
    let wanted = Wanted::parse(&query)?;
    let (permitted, next) = permitted(&app, &access, &wanted).await?;
    Ok(HttpResponse::Ok().json(ExecutionPage {
        executions: permitted.iter().map(Execution::to_api).collect(),
        next_cursor: next.map(write_cursor),
    }))
}

/// Those that the asker may see, and where the next page begins. It goes on past those of others until the page is full,
/// so that a cursor is a place of the asker's own, and tells nothing of what others do.
async fn permitted(
    app: &App,
    access: &Access,
    wanted: &Wanted,
) -> Result<(Vec<Execution>, Option<Cursor>), ApiError> {
    let groups = Groups::of_all(app, access).await?;
    let limit = wanted.limit.get() as usize;
    let mut found = Vec::new();
    let mut after = wanted.after;
    // One more than the page holds tells whether there is another page.
    let mut rows = wanted.limit.saturating_add(1);
    for _ in 0..MOST_LOOKS {
        let page = app.store.executions(&wanted.filter, after, rows).await?;
        for execution in page.executions {
            if access.permits(groups.of(&execution)).await? {
                found.push(execution);
            }
        }
        after = page.next;
        if found.len() > limit {
            found.truncate(limit);
            let next = found.last().map(place);
            return Ok((found, next));
        }
        if after.is_none() {
            break;
        }
        rows = ROWS_OF_OTHERS;
    }
    Ok((found, after))
}

fn place(execution: &Execution) -> Cursor {
    Cursor {
        created_at: execution.created_at,
        id: execution.id,
    }
}

struct Wanted {
    filter: Filter,
    after: Option<Cursor>,
    limit: NonZeroU32,
}

impl Wanted {
    fn parse(pairs: &[(String, String)]) -> Result<Self, ApiError> {
        let mut wanted = Self {
            filter: Filter::default(),
            after: None,
            limit: query::DEFAULT_LIMIT,
        };
        query::take_each(pairs, |name, value| wanted.take(name, value))?;
        Ok(wanted)
    }

    fn take(&mut self, name: &str, value: &str) -> Result<(), String> {
        let filter = &mut self.filter;
        match name {
            "proc" => filter.proc_name = Some(value.parse().map_err(|error| format!("{error}"))?),
            "user" => filter.user = Some(value.to_owned()),
            "status" => {
                filter.status = Some(
                    value
                        .parse()
                        .map_err(|error| format!("is wrong: {error}"))?,
                )
            }
            "since" => filter.since = Some(query::moment(value)?),
            "until" => filter.until = Some(query::moment(value)?),
            "cursor" => self.after = Some(read_cursor(value).ok_or("is no cursor of this list")?),
            "limit" => self.limit = query::limit(value)?,
            _ => {
                return Err(
                    "is no filter; there are proc, user, status, since, until, cursor, limit"
                        .into(),
                );
            }
        }
        Ok(())
    }
}

fn write_cursor(cursor: Cursor) -> String {
    format!("{}-{}", cursor.created_at.as_microsecond(), cursor.id)
}

fn read_cursor(text: &str) -> Option<Cursor> {
    let (created_at, id) = text.split_once('-')?;
    let created_at = Timestamp::from_microsecond(created_at.parse().ok()?).ok()?;
    Some(Cursor {
        created_at,
        id: id.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::{Wanted, read_cursor, write_cursor};

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_cursor_reads_back() {
        let cursor = read_cursor("1763640000000000-4711").unwrap();
        assert_eq!(write_cursor(cursor), "1763640000000000-4711");
        for bad in ["", "-", "1", "1-", "1-0", "x-1", "99999999999999999999-1"] {
            assert!(read_cursor(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn every_mistake_of_a_query_is_told() {
        let query = pairs(&[
            ("status", "FINE"),
            ("limit", "0"),
            ("since", "today"),
            ("colour", "red"),
        ]);

        let Err(error) = Wanted::parse(&query) else {
            panic!("the query was taken")
        };

        let problem = error.problem();
        assert_eq!(problem.status, 422);
        assert_eq!(problem.mistakes.len(), 4, "{problem:?}");
    }
}
