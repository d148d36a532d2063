//! What may be appended to the logs of a batch: each append is held against its execution's fence and the head
//! of its log, which moves with it. Nothing is written here.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::domain::execution::Fence;
use crate::domain::id::ExecutionId;
use crate::store::log::head::Head;
use crate::store::log::{signed, unsigned};
use crate::store::postgres::fault::failed;
use crate::store::{Appended, LogAppend, LogGap, StoreError};

/// A log that is locked.
struct Entry {
    fence: Fence,
    open: bool,
    head: Head,
    /// Whether the head is stored.
    stored: bool,
}

/// The logs of a batch, locked.
pub(super) struct Ledger {
    entries: BTreeMap<i64, Entry>,
}

impl Ledger {
    /// Locks the executions against a change of owner and their logs against other writers, always in the order
    /// of their ids, so that no two batches wait for each other.
    pub(super) async fn lock(
        connection: &mut PgConnection,
        appends: &[LogAppend],
    ) -> Result<Self, StoreError> {
        let ids: Vec<_> = appends.iter().map(|append| append.id.as_i64()).collect();
        let mut ledger = Self::of_executions(connection, &ids).await?;
        ledger.read_heads(connection).await?;
        let new = ledger.new_ones(appends);
        if !new.is_empty() {
            make_heads(connection, &new).await?;
            ledger.read_heads(connection).await?;
        }
        Ok(ledger)
    }

    async fn of_executions(connection: &mut PgConnection, ids: &[i64]) -> Result<Self, StoreError> {
        let rows = sqlx::query!(
            "SELECT id, fence, log_open FROM proctor.execution WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE",
            ids,
        )
        .fetch_all(connection)
        .await
        .map_err(failed("lock the executions whose logs grow"))?;
        let entry = |fence, open| Entry {
            fence: Fence(fence),
            open,
            head: Head::default(),
            stored: false,
        };
        let entries = rows
            .into_iter()
            .map(|row| (row.id, entry(row.fence, row.log_open)));
        Ok(Self {
            entries: entries.collect(),
        })
    }

    async fn read_heads(&mut self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let ids: Vec<_> = self.entries.keys().copied().collect();
        let rows = sqlx::query!(
            "SELECT execution_id, length, events, ended, gap_start, gap_end FROM proctor.log
              WHERE execution_id = ANY ($1) ORDER BY execution_id FOR UPDATE",
            &ids,
        )
        .fetch_all(connection)
        .await
        .map_err(failed("lock the heads of logs"))?;
        for row in rows {
            let Some(entry) = self.entries.get_mut(&row.execution_id) else {
                continue;
            };
            entry.stored = true;
            entry.head = Head {
                length: unsigned(row.length),
                events: unsigned(row.events),
                ended: row.ended,
                missing: LogGap::of(row.gap_start, row.gap_end),
            };
        }
        Ok(())
    }

    /// The logs that begin with this batch.
    fn new_ones(&self, appends: &[LogAppend]) -> Vec<i64> {
        let begins = |append: &&LogAppend| {
            self.entries
                .get(&append.id.as_i64())
                .is_some_and(|entry| !entry.stored && entry.open && entry.fence == append.fence)
        };
        let mut ids: Vec<_> = appends
            .iter()
            .filter(begins)
            .map(|append| append.id.as_i64())
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Moves the head of a log past an append, if that continues it. Answers the number of its first event and
    /// how the log then stands.
    pub(super) fn advance(&mut self, append: &LogAppend) -> Result<(u64, Appended), StoreError> {
        let id = append.id;
        if let Some(event) = append.stray_event() {
            return Err(discontinuous(id, event.offset));
        }
        let Some(entry) = self.entries.get_mut(&id.as_i64()) else {
            return Err(StoreError::NotFound(id));
        };
        if entry.fence != append.fence {
            return Err(StoreError::FenceLost(id));
        }
        if !entry.open || entry.head.ended || entry.head.length != append.offset {
            return Err(discontinuous(id, append.offset));
        }
        let first_event = entry.head.events;
        entry.head.length = append.end();
        entry.head.events += append.events.len() as u64;
        let events = entry.head.events;
        Ok((first_event, Appended { events }))
    }

    /// The head of a log as it is now.
    pub(super) fn head(&self, id: ExecutionId) -> Head {
        self.entries
            .get(&id.as_i64())
            .map_or_else(Head::default, |entry| entry.head)
    }
}

fn discontinuous(id: ExecutionId, offset: u64) -> StoreError {
    StoreError::LogDiscontinuous { id, offset }
}

async fn make_heads(connection: &mut PgConnection, ids: &[i64]) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO proctor.log (execution_id, length, events, ended)
         SELECT id, 0, 0, FALSE FROM unnest($1::bigint[]) AS id ORDER BY id
         ON CONFLICT (execution_id) DO NOTHING",
        ids,
    )
    .execute(connection)
    .await
    .map_err(failed("begin logs"))?;
    Ok(())
}

/// The new heads of logs, column by column.
#[derive(Default)]
pub(super) struct Moved {
    heads: BTreeMap<i64, (i64, String, i64)>,
}

impl Moved {
    /// Notes how a log stands after an append.
    pub(super) fn note(&mut self, append: &LogAppend, appended: Appended) {
        let head = (
            signed(append.end()),
            append.cursor.replace('\0', "\u{fffd}"),
            signed(appended.events),
        );
        self.heads.insert(append.id.as_i64(), head);
    }

    /// Stores the heads.
    pub(super) async fn write(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let mut ids = Vec::with_capacity(self.heads.len());
        let mut lengths = Vec::with_capacity(self.heads.len());
        let mut cursors = Vec::with_capacity(self.heads.len());
        let mut events = Vec::with_capacity(self.heads.len());
        for (id, (length, cursor, count)) in self.heads {
            ids.push(id);
            lengths.push(length);
            cursors.push(cursor);
            events.push(count);
        }
        sqlx::query!(
            "UPDATE proctor.log SET length = moved.length, cursor = moved.cursor, events = moved.events
               FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bigint[])
                    AS moved (id, length, cursor, events)
              WHERE log.execution_id = moved.id",
            &ids,
            &lengths,
            &cursors,
            &events,
        )
        .execute(connection)
        .await
        .map_err(failed("move the heads of logs"))?;
        Ok(())
    }
}
