//! The tokens that Proctor makes for people, and the hashes that any token is kept as. The service makes entries with
//! it and the plugin for tokens compares with it, so that both mean the same. It knows neither files nor users.

mod cost;
mod hash;
mod token;
mod turns;

pub use cost::Cost;
pub use hash::{Hash, NoHash, hash};
pub use token::{Token, id};
