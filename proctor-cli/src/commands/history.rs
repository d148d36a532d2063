//! `proctor history`

use crate::cli::HistoryArgs;
use crate::client::{Client, HistoryQuery};
use crate::console;
use crate::context::{Context, answer, chat};
use crate::error::Error;

use proctor_api::Execution;

/// The most that the service gives at once.
const PAGE_LIMIT: u32 = 500;

/// Prints executions, newest first.
pub async fn run(context: &Context, args: HistoryArgs) -> Result<(), Error> {
    let output = args.output.output();
    let executions = fetch(&context.client()?, args).await?;

    chat(&*output, || match output.executions_heading(&executions) {
        Some(heading) if !executions.is_empty() => console::cheer(heading),
        _ => console::say("No executions found"),
    });
    answer(&output.executions(&executions))
}

/// Asks page by page until there are as many as wanted, or no more.
async fn fetch(client: &Client, args: HistoryArgs) -> Result<Vec<Execution>, Error> {
    let mut query = HistoryQuery {
        name: args.name,
        user: args.user,
        status: args.status.map(|status| status.to_string()),
        ..HistoryQuery::default()
    };
    let wanted = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut executions = Vec::new();
    loop {
        let left = u32::try_from(wanted - executions.len()).unwrap_or(PAGE_LIMIT);
        query.limit = left.min(PAGE_LIMIT);
        let page = client.history(&query).await?;
        let is_empty = page.executions.is_empty();
        executions.extend(page.executions);
        executions.truncate(wanted);
        query.cursor = page.next_cursor;
        if executions.len() == wanted || query.cursor.is_none() || is_empty {
            return Ok(executions);
        }
    }
}
