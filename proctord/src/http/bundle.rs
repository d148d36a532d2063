//! Routes of bundles, one file per action.

mod put;
mod read;

pub(super) use put::put;
pub(super) use read::read;
