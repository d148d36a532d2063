//! Routes of bundles, one file per action.

mod put;

pub(super) use put::put;
