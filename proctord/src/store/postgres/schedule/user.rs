//! What users were known to be when they last asked for something.

use jiff_sqlx::ToSqlx;
use sqlx::PgConnection;

use super::clock::Clock;
use crate::store::postgres::fault::failed;
use crate::store::{SeenUser, StoreError};

pub(super) async fn note(
    connection: &mut PgConnection,
    clock: &Clock,
    users: &[(String, Vec<String>)],
) -> Result<(), StoreError> {
    let now = clock.now(connection).await?;
    let mut users: Vec<_> = users.iter().collect();
    // In one order, so that no two replicas wait for each other.
    users.sort();
    let emails: Vec<_> = users.iter().map(|(email, _)| email.clone()).collect();
    let groups = users
        .iter()
        .map(|(_, groups)| serde_json::json!(groups).to_string());
    let groups: Vec<_> = groups.collect();
    sqlx::query!(
        "INSERT INTO proctor.seen_user (email, groups, seen_at)
         SELECT email, groups, $3 FROM unnest($1::text[], $2::text[]) AS new (email, groups)
         ON CONFLICT (email) DO UPDATE SET groups = excluded.groups, seen_at = excluded.seen_at",
        &emails,
        &groups,
        now.to_sqlx(),
    )
    .execute(connection)
    .await
    .map_err(failed("note what users are"))?;
    Ok(())
}

pub(super) async fn seen(
    connection: &mut PgConnection,
    email: &str,
) -> Result<Option<SeenUser>, StoreError> {
    let row = sqlx::query!(
        "SELECT email, groups, seen_at FROM proctor.seen_user WHERE email = $1",
        email
    )
    .fetch_optional(connection)
    .await
    .map_err(failed("look what a user was"))?;
    let seen = row.map(|row| {
        Ok(SeenUser {
            groups: serde_json::from_str(&row.groups)
                .map_err(|error| StoreError::damaged(format!("groups of {}", row.email), error))?,
            email: row.email,
            seen_at: row.seen_at.to_jiff(),
        })
    });
    seen.transpose()
}
