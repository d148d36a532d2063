//! Changes that are not committed with the trail, because another database has them: a row says that one is about to
//! be made, and another one how it went. What the trail cannot tell of is not done.

use crate::app::App;
use crate::http::error::ApiError;
use crate::store::{AuditEntry, AuditResult};

/// Makes a change, between the rows that tell of it. If the last ones are missing, it was cut off or they could not
/// be written: the first ones then say who may have changed what.
pub(in crate::http) async fn audited<T>(
    app: &App,
    entries: Vec<AuditEntry>,
    change: impl Future<Output = Result<T, ApiError>>,
) -> Result<T, ApiError> {
    let mut begun = Vec::new();
    for entry in entries {
        let row = AuditEntry {
            result: AuditResult::Begun,
            ..entry
        };
        app.store.audit(row.clone()).await?;
        begun.push(row);
    }
    let changed = change.await;
    let result = match &changed {
        Ok(_) => AuditResult::Done,
        Err(_) => AuditResult::Failed,
    };
    for row in begun {
        app.store.audit(AuditEntry { result, ..row }).await?;
    }
    changed
}
