//! Routes of procs' metadata, one file per action.

pub(super) mod breaks;
mod list;
mod publish;
mod show;
mod unpublish;

pub(super) use list::list;
pub(super) use publish::publish;
pub(super) use show::show;
pub(super) use unpublish::unpublish;
