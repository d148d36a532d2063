//! What Proctor's tests share: waiting for conditions, ledgers that tell what really ran, the real binaries as
//! processes under test, private Postgres and Redis servers, a web server, ways to servers that fail, and a Kubernetes double. It must not depend on
//! proctord, and nothing that ships depends on it.

mod binaries;
mod certificates;
mod command_line;
pub mod kubernetes;
mod ledger;
mod mail_server;
mod password;
pub mod postgres;
mod proctord;
mod proxy;
mod random;
pub mod redis;
mod runs;
mod server;
mod small_disk;
mod wait;
mod web_server;

pub use binaries::{binary, plugin};
pub use certificates::{Authority, Certificate, KeyKind};
pub use command_line::{CommandLine, Ran};
pub use ledger::Ledger;
pub use mail_server::{MailServer, MailServerOptions};
pub use proctord::{Proctord, ProctordBuilder};
pub use proxy::{Proxy, Way};
pub use random::Random;
pub use server::ServerProcess;
pub use small_disk::SmallDisk;
pub use wait::{wait_for, wait_for_async, wait_within};
pub use web_server::{WebAnswer, WebRequest, WebServer};
