//! The rules of Proctor, pure: names, ids, the life of an execution, args, environment, documents.
//! Nothing in here does IO, knows a database, a cluster or HTTP, or reads a clock.

pub mod args;
pub mod callback;
pub mod document;
pub mod environment;
pub mod execution;
pub mod id;
pub mod lifecycle;
pub mod name;
pub mod schedule;
pub mod version;
