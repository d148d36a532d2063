//! `proctor audit`

use proctor_api::AuditRow;

use crate::cli::AuditArgs;
use crate::client::{AuditQuery, Client};
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::Error;

/// The most that the service gives at once.
const PAGE_LIMIT: u32 = 500;

/// Prints the audit trail, newest first.
pub async fn run(context: &Context, args: AuditArgs) -> Result<(), Error> {
    let output = args.output.output();
    let rows = fetch(&context.client()?, args).await?;

    chat(&*output, || match output.audit_heading(&rows) {
        Some(heading) if !rows.is_empty() => console::cheer(heading),
        _ => console::say("Nothing found in the audit trail"),
    });
    answer(&output.audit(&rows))
}

/// Asks page by page until there are as many rows as wanted, or no more.
async fn fetch(client: &Client, args: AuditArgs) -> Result<Vec<AuditRow>, Error> {
    let mut query = AuditQuery {
        who: args.who,
        action: args.action,
        target: args.target,
        source: args.source,
        result: args.result.map(|result| result.as_str().to_owned()),
        since: args.since.map(|since| since.to_string()),
        until: args.until.map(|until| until.to_string()),
        ..AuditQuery::default()
    };
    let wanted = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    loop {
        let left = u32::try_from(wanted - rows.len()).unwrap_or(PAGE_LIMIT);
        query.limit = left.min(PAGE_LIMIT);
        let page = client.audit(&query).await?;
        let is_empty = page.rows.is_empty();
        rows.extend(page.rows);
        rows.truncate(wanted);
        query.cursor = page.next_cursor;
        if rows.len() == wanted || query.cursor.is_none() || is_empty {
            return Ok(rows);
        }
    }
}
