//! The events of logs on their way in and out.

use proctor_api::LogEvent;
use sqlx::PgConnection;

use crate::domain::id::ExecutionId;
use crate::store::log::head::Piece;
use crate::store::log::{event_json, signed, unsigned};
use crate::store::postgres::fault::failed;
use crate::store::{NumberedEvent, StoreError};

/// Events of several logs, column by column.
#[derive(Default)]
pub(super) struct Events {
    ids: Vec<i64>,
    numbers: Vec<i64>,
    offsets: Vec<i64>,
    events: Vec<String>,
}

impl Events {
    /// Adds events of a log under the numbers from `first` on.
    pub(super) fn add(
        &mut self,
        id: ExecutionId,
        first: u64,
        events: &[LogEvent],
    ) -> Result<(), StoreError> {
        for (number, event) in (first..).zip(events) {
            self.ids.push(id.as_i64());
            self.numbers.push(signed(number));
            self.offsets.push(signed(event.offset));
            self.events.push(event_json(event)?);
        }
        Ok(())
    }

    /// Stores them.
    pub(super) async fn write(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        if self.ids.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            r#"INSERT INTO proctor.event (execution_id, number, "offset", event)
               SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[])"#,
            &self.ids,
            &self.numbers,
            &self.offsets,
            &self.events,
        )
        .execute(connection)
        .await
        .map_err(failed("add events to logs"))?;
        Ok(())
    }
}

/// The events of a piece that ends at this offset.
pub(super) async fn read(
    connection: &mut PgConnection,
    id: ExecutionId,
    piece: &Piece,
    end: u64,
) -> Result<Vec<NumberedEvent>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT number, event FROM proctor.event
            WHERE execution_id = $1 AND number >= $2 AND "offset" >= $3 AND "offset" <= $4
            ORDER BY number"#,
        id.as_i64(),
        signed(piece.from.event_number),
        signed(piece.from.offset),
        signed(end),
    )
    .fetch_all(connection)
    .await
    .map_err(failed("read the events of a log"))?;
    let read = rows.into_iter().map(|row| {
        let event = serde_json::from_str(&row.event).map_err(|error| {
            StoreError::damaged(
                format!("event {} in the log of execution {id}", row.number),
                error,
            )
        })?;
        Ok(NumberedEvent {
            number: unsigned(row.number),
            event,
        })
    });
    read.collect()
}
