//! The logs of Pods as an output, read from the Kubernetes double: whole through everything that ends streams too
//! early, and where something is lost, not without saying so.

#![expect(
    clippy::unwrap_used,
    reason = "a case that cannot go on should say where"
)]

mod attempts;
mod bench;
mod losses;
mod many;
mod streams;
