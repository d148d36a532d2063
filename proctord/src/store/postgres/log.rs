//! Logs: `log` holds the head of each. Every write to one first locks the execution's row against a change of
//! its owner, looks at the fence, then locks the head; so nobody writes under an older fence, and bytes and the
//! events beside them continue exactly what is stored.

pub(super) mod append;
mod chunk;
mod event;
pub(super) mod finish;
mod ledger;
pub(super) mod read;
pub(super) mod standing;
mod trim;
pub(super) mod whole;
