//! What holds scripted containers where they stand until a test lets them go on, all of them by one word.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A gate, shut at first; its clones are the same gate. [`Kubernetes::open`](crate::kubernetes::Kubernetes::open)
/// opens it for good.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<AtomicBool>);

impl Gate {
    pub(crate) fn open(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_open(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
