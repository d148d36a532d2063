//! The private servers keep their promises: to the tests that stop, kill and freeze them, and to the machine, on
//! which they leave nothing.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot go on should say where"
)]

mod leftovers;
mod postgres;
mod redis;
mod trial;
