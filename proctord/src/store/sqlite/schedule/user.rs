//! What users were known to be when they last asked for something.

use sqlx::SqlitePool;

use crate::store::sqlite::SqliteStore;
use crate::store::sqlite::fault::failed;
use crate::store::sqlite::row::Columns;
use crate::store::sqlite::time::micros;
use crate::store::{SeenUser, StoreError};

pub(super) async fn note(
    store: &SqliteStore,
    users: &[(String, Vec<String>)],
) -> Result<(), StoreError> {
    let doing = "note what users are";
    let mut unit = store.records.begin().await.map_err(failed(doing))?;
    let now = micros(store.clock.now());
    for (email, groups) in users {
        sqlx::query(
            "INSERT INTO seen_user (email, groups, seen_at) VALUES (?, ?, ?)
             ON CONFLICT (email) DO UPDATE SET groups = excluded.groups, seen_at = excluded.seen_at",
        )
        .bind(email)
        .bind(serde_json::json!(groups).to_string())
        .bind(now)
        .execute(&mut *unit)
        .await
        .map_err(failed(doing))?;
    }
    unit.commit().await.map_err(failed(doing))
}

pub(super) async fn seen(
    readers: &SqlitePool,
    email: &str,
) -> Result<Option<SeenUser>, StoreError> {
    let row = sqlx::query("SELECT email, groups, seen_at FROM seen_user WHERE email = ?")
        .bind(email)
        .fetch_optional(readers)
        .await
        .map_err(failed("look what a user was"))?;
    let seen = row.map(|row| {
        let columns = Columns::new(&row, format!("the user {email}"));
        Ok(SeenUser {
            email: columns.get("email")?,
            groups: serde_json::from_str(columns.get("groups")?)
                .map_err(|error| columns.damaged("groups", error))?,
            seen_at: columns.moment("seen_at")?,
        })
    });
    seen.transpose()
}
