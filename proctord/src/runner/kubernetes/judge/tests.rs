//! Verdicts over made-up objects, over recordings of a real cluster, and over those in any order.

mod cases;
mod order;
mod recorded;
mod recording;
mod sample;
mod told;
