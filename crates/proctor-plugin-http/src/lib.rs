//! How Proctor's own plugins ask others over HTTP. It owns what must be the same for all of them: a bound on the time
//! of a whole request and on the size of an answer, no redirects, certificates that are checked, and failures that
//! tell where something went wrong without telling the rest of the address, which may hold a secret. It must not know
//! what anybody asks for.

mod address;
mod client;
mod trust;

pub use address::Address;
pub use client::{Answer, Client};
