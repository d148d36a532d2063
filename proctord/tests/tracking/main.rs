//! What becomes of Jobs, as it is learnt from one pair of watches: against the Kubernetes double, which runs them.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot go on should say where"
)]

mod doubts;
mod outcomes;
mod scene;
mod troubles;
mod waits;
mod watches;
