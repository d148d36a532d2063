//! Tokens of a provider that is a real web server with real keys: what counts, what does not, and how often it is
//! asked for its keys.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod keys;
mod provider;
mod settings;
mod tokens;
