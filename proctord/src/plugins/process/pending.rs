//! Calls that a process was handed and has not answered.

use std::collections::HashMap;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::Instant;

use super::super::PluginError;
use super::super::frame::{self, Request};

/// A call, and where its answer goes.
pub(in crate::plugins) struct Call {
    pub(in crate::plugins) method: &'static str,
    pub(in crate::plugins) request: Box<RawValue>,
    pub(in crate::plugins) deadline: Instant,
    pub(in crate::plugins) reply: oneshot::Sender<Result<Box<RawValue>, PluginError>>,
    /// Given back when the process is done with it, even if nobody waits any more: else whoever asks and goes away
    /// again and again could have the plugin do any number of things at once.
    pub(in crate::plugins) _turn: OwnedSemaphorePermit,
}

/// A call that hangs while others are answered is let hang for so many deadlines.
const DEADLINES_OF_A_HANGING_CALL: u32 = 5;

/// The calls by their numbers.
pub(super) struct Pending {
    next: u64,
    calls: HashMap<u64, Call>,
    /// How long a call may take.
    after: Duration,
    /// When it last gave an answer, if ever.
    answered_at: Option<Instant>,
}

impl Call {
    /// Ends it. Whoever asked may have gone.
    pub(super) fn end(self, answer: Result<Box<RawValue>, PluginError>) {
        let _ = self.reply.send(answer);
    }
}

impl Pending {
    pub(super) fn new(after: Duration) -> Self {
        Self {
            next: 0,
            calls: HashMap::new(),
            after,
            answered_at: None,
        }
    }

    /// Notes a call; what is to be sent, unless nobody waits for it any more.
    pub(super) fn begin(&mut self, call: Call) -> std::io::Result<Option<Vec<u8>>> {
        if call.reply.is_closed() || call.deadline <= Instant::now() {
            return Ok(None);
        }
        let number = self.next;
        self.next += 1;
        let bytes = frame::encode(&Request {
            number,
            method: call.method.to_owned(),
            request: call.request.clone(),
        })?;
        self.calls.insert(number, call);
        Ok(Some(bytes))
    }

    /// The call of this number, which has its answer.
    pub(super) fn answered(&mut self, number: u64) -> Option<Call> {
        self.answered_at = Some(Instant::now());
        self.calls.remove(&number)
    }

    /// When the process is to be given up: a call is overdue, and it does nothing else, or the call is so for very long.
    /// One that answers others has much to do; to end it would cost all of them.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let first = self.calls.values().map(|call| call.deadline).min()?;
        let idle = self
            .answered_at
            .map_or(first, |at| first.max(at + self.after));
        Some(idle.min(first + self.after * DEADLINES_OF_A_HANGING_CALL))
    }

    /// Those that should have been answered by now.
    pub(super) fn overdue(&mut self) -> Vec<Call> {
        let now = Instant::now();
        let is_overdue = |_: &u64, call: &mut Call| call.deadline <= now;
        let overdue = self.calls.extract_if(is_overdue);
        overdue.map(|(_, call)| call).collect()
    }

    /// All that are left.
    pub(super) fn into_rest(self) -> impl Iterator<Item = Call> {
        self.calls.into_values()
    }
}
