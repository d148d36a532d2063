//! What one websocket has on its way: so many bytes and no more are handed to it before the connection has taken
//! them, however many frames its queue would hold; and the moment of the client's last sign of life.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// The most bytes on their way, one frame more or less.
const WINDOW_BYTES: u32 = 64 * 1024;
/// What a frame costs beside its bytes.
const FRAME_COST: usize = 64;

/// The window of one websocket.
#[derive(Clone)]
pub(super) struct Window {
    room: Arc<Semaphore>,
    signs: Arc<Signs>,
}

/// When the client was last seen alive.
struct Signs {
    began: Instant,
    last_ms: AtomicU64,
}

/// A frame that gives its room back once the connection has taken it.
struct Frame {
    bytes: Vec<u8>,
    signs: Arc<Signs>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Window {
    pub(super) fn new() -> Self {
        Self {
            room: Arc::new(Semaphore::new(WINDOW_BYTES as usize)),
            signs: Arc::new(Signs {
                began: Instant::now(),
                last_ms: AtomicU64::new(0),
            }),
        }
    }

    /// The bytes of a frame, once there is room for them.
    pub(super) async fn frame(&self, bytes: Vec<u8>) -> Bytes {
        let cost = u32::try_from(bytes.len() + FRAME_COST).unwrap_or(WINDOW_BYTES);
        let room = Arc::clone(&self.room).acquire_many_owned(cost.min(WINDOW_BYTES));
        Bytes::from_owner(Frame {
            bytes,
            signs: Arc::clone(&self.signs),
            // It is never closed.
            _room: room.await.ok(),
        })
    }

    /// Whether nothing waits for the connection to take it.
    pub(super) fn is_idle(&self) -> bool {
        self.room.available_permits() == WINDOW_BYTES as usize
    }

    /// Notes a sign of life.
    pub(super) fn sign(&self) {
        self.signs.note();
    }

    /// How long there has been none.
    pub(super) fn silence(&self) -> Duration {
        let last = Duration::from_millis(self.signs.last_ms.load(Ordering::Relaxed));
        self.signs.began.elapsed().saturating_sub(last)
    }
}

impl Signs {
    fn note(&self) {
        let now = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last_ms.store(now, Ordering::Relaxed);
    }
}

impl AsRef<[u8]> for Frame {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        self.signs.note();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::{WINDOW_BYTES, Window};

    #[tokio::test]
    async fn a_frame_waits_until_there_is_room() {
        let window = Window::new();
        let first = window.frame(vec![0; WINDOW_BYTES as usize]).await;

        assert!(window.frame(vec![1]).now_or_never().is_none());
        assert!(!window.is_idle());
        drop(first);

        assert_eq!(
            window.frame(vec![1]).now_or_never().as_deref(),
            Some(&[1][..])
        );
        assert!(window.is_idle());
    }
}
