//! What became of a schedule's moments, for people, as a table.

use jiff::Timestamp;
use proctor_api::{Firing, Status};

use super::execution::second;
use crate::output::table::{self, Column};

/// The table of `schedule history`, its heading first. UNTIL is empty where there is one moment, and a run by hand is none.
pub fn table(firings: &[Firing], width: Option<usize>) -> Vec<String> {
    const COLUMNS: [Column; 6] = [
        Column::whole(17),
        Column::whole(0),
        Column::number(0),
        Column::whole(8),
        Column::whole(16),
        Column::cut(0),
    ];
    let heading = ["MOMENT", "UNTIL", "COUNT", "FATE", "EXECUTION", "STATUS"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(heading)
        .chain(firings.iter().map(row))
        .collect();
    table::lines(&COLUMNS, &rows, width)
}

fn row(firing: &Firing) -> [String; 6] {
    let none = String::new;
    let told =
        |status: &Option<Status>| status.map(|status| status.to_string()).unwrap_or_default();
    match firing {
        Firing::Fired {
            moment,
            execution_id,
            status,
            ..
        } => [
            minute(*moment),
            none(),
            "1".to_owned(),
            "fired".to_owned(),
            execution_id.to_string(),
            told(status),
        ],
        Firing::Run {
            fired_at,
            execution_id,
            status,
        } => [
            second(*fired_at),
            none(),
            none(),
            "run".to_owned(),
            execution_id.to_string(),
            told(status),
        ],
        Firing::Stretch {
            from,
            to,
            count,
            why,
        } => [
            minute(*from),
            Some(*to)
                .filter(|to| to != from)
                .map(minute)
                .unwrap_or_default(),
            count.to_string(),
            why.as_str().to_owned(),
            none(),
            none(),
        ],
    }
}

/// A moment as RFC 3339, without the seconds that almost none has.
fn minute(at: Timestamp) -> String {
    if at.as_second() % 60 == 0 {
        at.strftime("%Y-%m-%dT%H:%MZ").to_string()
    } else {
        second(at)
    }
}
