//! Verdicts over made-up objects, over recordings of a real cluster, and over those in any order.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot go on should say where"
)]

mod cases;
mod order;
mod recorded;
mod recording;
mod sample;
