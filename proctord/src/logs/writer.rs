//! The one writer of log chunks: appends that wait at the same moment are stored in one commit. A store
//! that is full or away is tried again until it takes them, so that nobody above has to.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tracing::{info, warn};

use crate::store::{Appended, LogAppend, Store, StoreError};

/// How many appends may wait; whoever comes later waits to get in.
const QUEUE_LENGTH: usize = 256;
/// The most bytes that one commit takes, one append more or less.
const COMMIT_BYTES: usize = 8 * 1024 * 1024;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

struct Request {
    append: LogAppend,
    done: oneshot::Sender<Result<Appended, StoreError>>,
}

/// A handle on the writer.
#[derive(Clone)]
pub(super) struct Writer {
    requests: mpsc::Sender<Request>,
}

impl Writer {
    pub(super) fn spawn(store: Arc<dyn Store>) -> Self {
        let (requests, queue) = mpsc::channel(QUEUE_LENGTH);
        // It ends with the last handle, so nobody needs to track it.
        #[expect(
            clippy::disallowed_methods,
            reason = "ends by itself when the last handle is dropped"
        )]
        tokio::spawn(run(store, queue));
        Self { requests }
    }

    pub(super) async fn append(&self, append: LogAppend) -> Result<Appended, StoreError> {
        let (done, answer) = oneshot::channel();
        let gone = || StoreError::Unavailable {
            doing: "append to a log",
            source: "the log writer has ended".into(),
        };
        self.requests
            .send(Request { append, done })
            .await
            .map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }
}

async fn run(store: Arc<dyn Store>, mut queue: mpsc::Receiver<Request>) {
    while let Some(first) = queue.recv().await {
        let mut bytes = first.append.bytes.len();
        let mut batch = vec![first];
        while bytes < COMMIT_BYTES {
            let Ok(request) = queue.try_recv() else { break };
            bytes += request.append.bytes.len();
            batch.push(request);
        }
        commit(store.as_ref(), batch).await;
    }
}

async fn commit(store: &dyn Store, batch: Vec<Request>) {
    let (appends, waiting): (Vec<_>, Vec<_>) = batch
        .into_iter()
        .map(|request| (request.append, request.done))
        .unzip();
    let answers = append_until_taken(store, &appends).await;
    for (done, answer) in waiting.into_iter().zip(answers) {
        // An asker that has gone no longer wants to know.
        let _ = done.send(answer);
    }
}

async fn append_until_taken(
    store: &dyn Store,
    appends: &[LogAppend],
) -> Vec<Result<Appended, StoreError>> {
    let mut pause = FIRST_PAUSE;
    loop {
        match store.append_log(appends).await {
            Ok(answers) => {
                if pause > FIRST_PAUSE {
                    info!("log chunks are stored again");
                }
                return answers;
            }
            Err(error) => {
                if pause == FIRST_PAUSE {
                    warn!(error = %crate::telemetry::chain(&error), "log chunks wait for the store");
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}
