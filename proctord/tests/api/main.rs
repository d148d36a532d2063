//! Every route of a real service over HTTP: codes, bodies, headers.

mod bundles;
mod errors;
mod executions;
mod guard;
mod logs;
mod metadata;
mod secrets;
mod support;
