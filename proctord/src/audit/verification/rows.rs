//! Holds rows against what a seal says of them. Both come in the order of ids, so each is looked at once.

use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::{Finding, ROWS, Walk};
use crate::store::audit::seal::{Line, Seal, digest};
use crate::store::{AuditRow, RowPlace, StoreError};

impl Walk<'_> {
    /// Holds the rows that name a seal against what it lists.
    pub(super) async fn listed(&mut self, seal: &Seal) -> Result<(), StoreError> {
        let number = seal.number;
        let mut lines = seal.lines().peekable();
        let mut after = RowPlace::before(number);
        loop {
            let rows = self.page(number..=number, after).await?;
            for row in &rows {
                while let Some(line) = lines.next_if(|line| line.id < row.id) {
                    self.missing(line, number);
                }
                match lines.next_if(|line| line.id == row.id) {
                    Some(line) if line.digest == digest(row) => self.rows += 1,
                    Some(line) => self.altered(line, number),
                    None => self.inserted(row),
                }
                after.id = row.id;
            }
            if rows.len() < ROWS.get() as usize {
                break;
            }
        }
        for line in lines {
            self.missing(line, number);
        }
        Ok(())
    }

    /// Tells every row that names one of these seals, which are not there.
    pub(super) async fn unlisted(&mut self, seals: RangeInclusive<i64>) -> Result<(), StoreError> {
        let mut after = RowPlace::before(*seals.start());
        loop {
            let rows = self.page(seals.clone(), after).await?;
            for row in &rows {
                self.inserted(row);
                after = RowPlace {
                    seal: row.seal.unwrap_or(after.seal),
                    id: row.id,
                };
            }
            if rows.len() < ROWS.get() as usize {
                return Ok(());
            }
        }
    }

    pub(super) async fn has_rows(&self, seals: RangeInclusive<i64>) -> Result<bool, StoreError> {
        let after = RowPlace::before(*seals.start());
        Ok(!self.page(seals, after).await?.is_empty())
    }

    async fn page(
        &self,
        seals: RangeInclusive<i64>,
        after: RowPlace,
    ) -> Result<Vec<AuditRow>, StoreError> {
        self.store.sealed_rows(seals, after, ROWS).await
    }

    fn missing(&mut self, line: Line, seal: i64) {
        self.find(Finding::RowMissing {
            id: line.id,
            at: moment(line),
            seal,
        });
    }

    fn altered(&mut self, line: Line, seal: i64) {
        self.find(Finding::RowAltered {
            id: line.id,
            at: moment(line),
            seal,
        });
    }

    fn inserted(&mut self, row: &AuditRow) {
        self.find(Finding::RowInserted {
            id: row.id,
            at: row.at,
            seal: row.seal,
        });
    }
}

/// When the row was written that the line tells of; a line that somebody has altered may say anything.
fn moment(line: Line) -> Option<Timestamp> {
    Timestamp::from_microsecond(line.at).ok()
}
