//! The Proctor service. `startup` tells how it boots; docs/ARCHITECTURE.md tells how the parts fit.

pub mod catalog;
pub mod domain;
pub mod sqlite;
pub mod store;
