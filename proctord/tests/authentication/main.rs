//! Who may do what, on a real service with the plugin for tokens in its own process: every route for everybody, how
//! credentials are proven, and what happens while they cannot be.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says so by panicking"
)]

mod command_line;
mod credentials;
mod defects;
mod matrix;
mod outage;
mod pace;
mod production;
mod schedules;
mod site;
