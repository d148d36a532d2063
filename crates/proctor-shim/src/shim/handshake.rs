//! The conversation with the worker, before anything runs. When the pipe ends, the time is up, or a stop
//! arrives, the shim leaves as if it had never been.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Instant;

use proctor_shim::protocol::{GO, MAX_SPEC_BYTES, PATIENCE};
use proctor_shim::{Answer, Spec};

use super::note::note;
use super::signals::Signals;
use super::waiting;
use super::{Failure, failed, process};

const CHUNK_BYTES: usize = 64 * 1024;

/// The worker's end of the two pipes, and the patience for it.
pub struct Handshake<'a> {
    signals: &'a Signals,
}

impl<'a> Handshake<'a> {
    /// Speaks over stdin and stdout.
    pub fn new(signals: &'a Signals) -> Self {
        Self { signals }
    }

    /// Receives the spec; `None` if the worker is gone.
    pub fn spec(&mut self) -> Option<Result<Spec, Failure>> {
        let until = Instant::now() + PATIENCE;
        let length = self.receive(4, until)?;
        let length = u32::from_be_bytes(length.try_into().ok()?);
        let refused = failed("accept the spec from", Path::new("the worker"));
        if length > MAX_SPEC_BYTES {
            return Some(Err(refused(io::ErrorKind::FileTooLarge.into())));
        }
        let body = self.receive(usize::try_from(length).ok()?, until)?;
        let spec = Spec::decode(&body)
            .map_err(io::Error::from)
            .and_then(|spec| spec.validate().map(|()| spec).map_err(io::Error::other));
        Some(spec.map_err(refused))
    }

    /// Waits for `go`; `false` if it does not come in time.
    pub fn wait_for_go(&mut self, until: Instant) -> bool {
        self.receive(GO.len(), until).is_some_and(|word| word == GO)
    }

    /// Says one line. A worker that is gone cannot hear it, which shows elsewhere.
    pub fn answer(&mut self, answer: &Answer) {
        let Ok(mut line) = serde_json::to_vec(answer) else {
            return;
        };
        line.push(b'\n');
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
    }

    /// Ends the conversation.
    pub fn close(self) {
        for standard in [0, 1] {
            if let Err(error) = process::detach(standard) {
                note(&format!("failed to close descriptor {standard}: {error}"));
            }
        }
    }

    fn receive(&mut self, length: usize, until: Instant) -> Option<Vec<u8>> {
        let mut received = Vec::new();
        while received.len() < length {
            let stdin = io::stdin();
            let [readable, signalled] = waiting::wait(
                [Some(stdin.as_fd()), Some(self.signals.as_fd())],
                Some(until),
            );
            if signalled {
                self.signals.collect();
                if self.signals.take_stop() {
                    return None;
                }
            }
            // A word that arrived in time but is read too late may have been given up on: it counts as late.
            if Instant::now() >= until {
                return None;
            }
            if readable {
                let mut chunk = vec![0; CHUNK_BYTES.min(length - received.len())];
                match rustix::io::read(&stdin, &mut chunk) {
                    Ok(0) | Err(_) => return None,
                    Ok(read) => received.extend_from_slice(&chunk[..read]),
                }
            }
        }
        Some(received)
    }
}
