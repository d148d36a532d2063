//! The audit trail for people, as a table.

use proctor_api::AuditRow;

use super::execution::second;
use crate::escape::visible;
use crate::output::table::{self, Column};

/// The table of `audit`, its heading first.
pub fn table(rows: &[AuditRow], width: Option<usize>) -> Vec<String> {
    const COLUMNS: [Column; 6] = [
        Column::whole(20),
        Column::cut(16),
        Column::cut(18),
        Column::whole(7),
        Column::cut(24),
        Column::cut(0),
    ];
    let heading = ["AT", "WHO", "ACTION", "RESULT", "TARGET", "SOURCE"].map(str::to_owned);
    let row = |row: &AuditRow| {
        [
            second(row.at),
            visible(&row.who).into_owned(),
            visible(&row.action).into_owned(),
            visible(&row.result).into_owned(),
            target(row),
            visible(&row.source).into_owned(),
        ]
    };
    let rows: Vec<_> = std::iter::once(heading)
        .chain(rows.iter().map(row))
        .collect();
    table::lines(&COLUMNS, &rows, width)
}

/// What was touched, and how often if that was counted.
fn target(row: &AuditRow) -> String {
    let target = visible(&row.target);
    match row.count {
        1 => target.into_owned(),
        count => format!("{target} ({count} times)"),
    }
}
