//! What Proctor's tests share: waiting for conditions, ledgers that tell what really ran, and the real
//! binaries as processes under test. It must not depend on proctord, and nothing that ships depends on it.

mod binaries;
mod command_line;
mod ledger;
mod proctord;
mod runs;
mod wait;

pub use binaries::binary;
pub use command_line::{CommandLine, Ran};
pub use ledger::Ledger;
pub use proctord::{Proctord, ProctordBuilder};
pub use wait::{wait_for, wait_for_async};
