//! The route of the audit trail, and how a change is written into it that is made outside the store.

mod beyond;
mod list;

pub(super) use beyond::audited;
pub(super) use list::list;
