//! Queries of lists: every mistake is told at once, and what all lists have in common is read in one way. What a filter
//! means is for its list.

use std::num::NonZeroU32;

use jiff::Timestamp;
use proctor_api::Mistake;

use super::error::ApiError;

/// How much a page holds unless told otherwise, and at most.
pub(super) const DEFAULT_LIMIT: NonZeroU32 = NonZeroU32::new(50).expect("50 is not zero");
const LIMIT: u32 = 500;
/// That in which the year 1 begins.
const FIRST_SECOND: i64 = -62_135_596_800;

/// Takes each pair of a query.
///
/// # Errors
/// All that were not taken, each with its name and why.
pub(super) fn take_each(
    query: &[(String, String)],
    mut take: impl FnMut(&str, &str) -> Result<(), String>,
) -> Result<(), ApiError> {
    let mistakes = query.iter().filter_map(|(name, value)| {
        let message = take(name, value).err()?;
        Some(Mistake::new(name.clone(), message))
    });
    refuse(mistakes.collect())
}

/// Refuses a query that has mistakes.
pub(super) fn refuse(mistakes: Vec<Mistake>) -> Result<(), ApiError> {
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(ApiError::Invalid {
        detail: "the query has mistakes".to_owned(),
        mistakes,
    })
}

/// How much a page is to hold.
pub(super) fn limit(value: &str) -> Result<NonZeroU32, String> {
    let limit = value.parse().ok();
    limit
        .filter(|limit: &NonZeroU32| limit.get() <= LIMIT)
        .ok_or_else(|| format!("must be from 1 to {LIMIT}"))
}

/// A time that every store can compare with: of our era.
pub(super) fn moment(value: &str) -> Result<Timestamp, String> {
    let moment = value.parse().ok();
    moment
        .filter(|moment: &Timestamp| moment.as_second() >= FIRST_SECOND)
        .ok_or_else(|| "must be a time such as 2026-01-31T12:00:00Z".to_owned())
}
