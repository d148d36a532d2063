//! The service and the command line over TLS, with certificates made here: what is spoken, what is refused, what
//! becomes of a certificate that is replaced, and that everything stays bounded.

#![expect(
    clippy::unwrap_used,
    reason = "in a test, whatever fails to unwrap is the failure"
)]

mod bounds;
mod command_line;
mod headers;
mod mistakes;
mod renewal;
mod support;
mod versions;
