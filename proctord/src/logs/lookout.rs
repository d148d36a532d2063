//! Looks out for logs that are followed here and written elsewhere: as long as there are any, one query tells how
//! far all of them have come, and what is new of each is read once for all its followers. It writes nothing.

use std::collections::HashMap;
use std::time::Duration;

use futures::{StreamExt, TryStreamExt, stream};
use tokio::time::{Instant, MissedTickBehavior};
use tracing::{debug, info, warn};

use super::Logs;
use super::feed::{Feed, Step};
use super::feeds::Question;
use crate::domain::id::ExecutionId;
use crate::store::{LogPosition, LogStanding, StoreError};
use crate::telemetry::chain;

const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How many logs one query asks for.
const BATCH: usize = 1000;
/// How many logs are read at a time.
const READS: usize = 4;
/// The fewest bytes that are read at once.
const READ_BYTES: usize = 256 * 1024;

impl Logs {
    /// Looks out for ever; asks nothing of the store as long as no log is followed that is written elsewhere. Each
    /// query is told to `asks`.
    pub async fn look_out(&self, asks: impl Fn()) {
        let mut ticks = tokio::time::interval(BETWEEN_LOOKS);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut pause = BETWEEN_LOOKS;
        loop {
            self.feeds.followed().await;
            // Whoever only reads what is there has gone by then.
            ticks.tick().await;
            match self.look(&asks).await {
                Ok(()) if pause > BETWEEN_LOOKS => {
                    info!("logs that are written elsewhere are seen again");
                    pause = BETWEEN_LOOKS;
                }
                Ok(()) => {}
                Err(error) => {
                    if pause == BETWEEN_LOOKS {
                        warn!(
                            error = chain(&error),
                            "followers of logs that are written elsewhere wait for the store"
                        );
                    }
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    async fn look(&self, asks: impl Fn()) -> Result<(), StoreError> {
        let questions = self.feeds.questions(Instant::now());
        for batch in questions.chunks(BATCH) {
            let ids: Vec<_> = batch.iter().map(|question| question.id).collect();
            asks();
            let standings = self.store.log_standings(&ids).await?;
            let standings: HashMap<_, _> = standings
                .into_iter()
                .map(|standing| (standing.id, standing))
                .collect();
            let standings = &standings;
            stream::iter(batch)
                .map(Ok)
                .try_for_each_concurrent(READS, async |question| {
                    self.answer(*question, standings.get(&question.id)).await
                })
                .await?;
        }
        Ok(())
    }

    /// Tells the followers of one log what the store says of it.
    async fn answer(
        &self,
        question: Question,
        standing: Option<&LogStanding>,
    ) -> Result<(), StoreError> {
        let mut step = Step::Nothing;
        self.feeds.tell(question.id, |feed| {
            step = feed.weigh(standing);
            step == Step::Told
        });
        if let (Step::Read(from), Some(standing)) = (step, standing) {
            self.read_for_all(question.id, from, standing.end).await?;
        }
        self.feeds.answered(question);
        Ok(())
    }

    /// Reads what is stored of a log between two positions and tells its followers.
    pub(super) async fn read_for_all(
        &self,
        id: ExecutionId,
        mut from: LogPosition,
        to: LogPosition,
    ) -> Result<(), StoreError> {
        while from < to {
            let slice = match self.store.read_log(id, from, READ_BYTES).await {
                Ok(slice) => Some(slice).filter(|slice| slice.next > from),
                Err(error @ (StoreError::Damaged { .. } | StoreError::NotFound(_))) => {
                    debug!(execution.id = %id, error = chain(&error), "a log cannot be read for all");
                    None
                }
                Err(error) => return Err(error),
            };
            let Some(slice) = slice else {
                // Each follower finds out by itself, and says so where it is heard.
                self.feeds.tell(id, Feed::forget);
                break;
            };
            let next = slice.next;
            self.feeds.tell(id, |feed| feed.take(from, slice));
            from = next;
        }
        Ok(())
    }
}
