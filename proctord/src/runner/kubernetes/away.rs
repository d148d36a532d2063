//! Executions whose Jobs may be somewhere else: tells why nothing can be said of one for as long as that is so, and
//! has it followed from then on. Whether it is so, `home` knows.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::home::Home;
use crate::domain::execution::Execution;
use crate::runner::RunEvent;

/// Between two looks whether it is here by now.
const BETWEEN_LOOKS: Duration = Duration::from_secs(10);

/// An execution has few events, and a listener that is slow takes them later.
const EVENTS: usize = 2;

/// Tells what becomes of the execution as soon as its Job is known to be here; `follow` is given what has been told
/// that it waits for.
pub(super) fn follow_when_here(
    home: Arc<Home>,
    execution: Execution,
    follow: impl FnOnce(Option<String>) -> mpsc::Receiver<RunEvent> + Send + 'static,
) -> mpsc::Receiver<RunEvent> {
    let (events, listener) = mpsc::channel(EVENTS);
    let run = async move {
        let waits = tokio::select! {
            waits = until_here(&home, &execution, Some(&events)) => waits,
            () = events.closed() => return,
        };
        let mut followed = follow(waits);
        loop {
            let event = tokio::select! {
                event = followed.recv() => event,
                () = events.closed() => return,
            };
            let Some(event) = event else { return };
            if events.send(event).await.is_err() {
                return;
            }
        }
    };
    #[expect(
        clippy::disallowed_methods,
        reason = "ends with what it follows or with whoever listens"
    )]
    tokio::spawn(Box::pin(run));
    listener
}

/// Returns when its Job is known to be here, with what was told last that it waits for.
pub(super) async fn until_here(
    home: &Home,
    execution: &Execution,
    events: Option<&mpsc::Sender<RunEvent>>,
) -> Option<String> {
    let mut told = execution.waiting.clone();
    loop {
        let words = match home.find(execution).await {
            Ok(()) => return told,
            Err(away) => away.in_public(),
        };
        if let Some(events) = events
            && told.as_ref() != Some(&words)
        {
            let reason = Some(words.clone());
            // Whoever has left wants to hear of nothing, and is noticed by who called this.
            let _ = events.send(RunEvent::Waits { reason }).await;
        }
        told = Some(words);
        sleep(BETWEEN_LOOKS).await;
    }
}
