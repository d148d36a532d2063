//! The task that reads the logs of an execution's Pods, one after the other, into the spool.

use std::collections::BTreeSet;
use std::sync::Arc;

use tracing::{debug, warn};

use super::LogError;
use super::attempts;
use super::cursor::{Cursor, PodKey, Position};
use super::patience::Patience;
use super::reading::{Outcome, Reading};
use super::sight::Sight;
use super::source::Source;
use super::spill::Spill;
use super::spool::Spool;
use crate::runner::OutputItem;
use crate::telemetry::chain;

/// What is needed to read logs.
pub(super) struct Reader {
    pub(super) execution: String,
    pub(super) source: Source,
    pub(super) sight: Sight,
    pub(super) spool: Arc<Spool>,
    pub(super) spill: Spill,
    pub(super) patience: Patience,
    pub(super) has_told_of_spill: bool,
    /// It is stored that the execution ran.
    pub(super) has_run: bool,
}

impl Reader {
    /// Reads from a cursor on to the end of the last Pod's log.
    pub(super) async fn run(mut self, mut cursor: Option<Cursor>) -> Result<(), LogError> {
        let resumed = cursor.clone();
        let mut done = BTreeSet::new();
        if let Some(begun) = cursor.take_if(|cursor| cursor.position != Position::Over) {
            cursor = Some(self.read(begun).await?);
        }
        while let Some(pod) = self.sight.next_pod(&done, resumed.as_ref()).await? {
            done.insert(pod.clone());
            let begun = self.begin(pod, cursor.as_ref());
            cursor = Some(self.read(begun).await?);
        }
        let has_missed = self.sight.has_missed(&done, resumed.as_ref());
        let complete = match cursor {
            None => !has_missed,
            Some(cursor) if has_missed && !cursor.torn => {
                self.tell_of_a_missing_attempt(cursor);
                false
            }
            Some(cursor) => !cursor.torn,
        };
        self.spool.push_event(OutputItem::End { complete });
        Ok(())
    }

    /// Goes on to the next Pod, and says so if there was one before.
    fn begin(&self, pod: PodKey, before: Option<&Cursor>) -> Cursor {
        let cursor = Cursor {
            attempt: before.map_or(1, |before| before.attempt + 1),
            torn: before.is_some_and(|before| before.torn),
            pod,
            position: Position::Beginning,
        };
        if let Some(before) = before {
            let pod = self.sight.pod(&before.pod.uid);
            self.spool.push_event(OutputItem::Attempt {
                text: attempts::followed(before.attempt, pod.as_ref()),
                cursor: cursor.text(),
            });
        }
        cursor
    }

    fn tell_of_a_missing_attempt(&self, mut cursor: Cursor) {
        let number = cursor.attempt + 1;
        let text = format!("the log of attempt {number} is missing: its Pod came and went unseen");
        warn!(execution.name = self.execution, "{text}");
        cursor.torn = true;
        let cursor = cursor.text();
        self.spool.push_event(OutputItem::Gap { text, cursor });
    }

    /// Reads the rest of a Pod's log; returns a cursor behind it.
    async fn read(&mut self, cursor: Cursor) -> Result<Cursor, LogError> {
        let name = self.sight.pod(&cursor.pod.uid).map(|pod| pod.name);
        let mut reading = Reading::new(self, cursor, name);
        let outcome = reading.run().await?;
        let mut cursor = reading.into_cursor();
        let was_read = cursor.position != Position::Beginning;
        cursor.position = Position::Over;
        if let Outcome::Lost { why } = outcome {
            let number = cursor.attempt;
            let text = match was_read {
                true => format!("the end of attempt {number}'s log may be missing: {why}"),
                false => format!("the log of attempt {number} could not be read: {why}"),
            };
            warn!(execution.name = self.execution, "{text}");
            cursor.torn = true;
            let cursor = cursor.text();
            self.spool.push_event(OutputItem::Gap { text, cursor });
        }
        Ok(cursor)
    }

    /// Has what is too much for memory written to a file; false if it cannot be.
    pub(super) async fn spill(&mut self) -> bool {
        let Some(mut surplus) = self.spool.surplus() else {
            return true;
        };
        match self.spill.write(std::mem::take(&mut surplus.bytes)).await {
            Ok(stretch) => {
                self.spool.spilled(&surplus, &stretch);
                true
            }
            Err(error) if self.has_told_of_spill => {
                debug!(execution.name = self.execution, error = %error, "no room for a log again");
                false
            }
            Err(error) => {
                self.has_told_of_spill = true;
                let folder = self.spill.folder().display();
                warn!(
                    execution.name = self.execution,
                    error = chain(&error),
                    "a log cannot be spilled to {folder}: it is read on once what came has been stored"
                );
                false
            }
        }
    }
}
