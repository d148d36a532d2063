//! What proctord tells about itself: the tracing subscriber, and how an error is written with its causes.

use std::error::Error;
use std::fmt::Write;
use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For a person at a terminal.
    Text,
    /// One JSON object per line.
    Json,
}

/// Starts logging to standard error with the given filter.
pub fn start(filter: &str, format: Format) {
    // The HTTP server tells of its workers at every start and stop, which nobody needs to know.
    let filter = EnvFilter::new(format!("actix_server=warn,{filter}"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // Whoever reads the log may go: that must not stop a run, and telling of it on the same way would panic.
        .log_internal_errors(false);
    // A second start in one process, as tests do, keeps the first.
    let _ = match format {
        Format::Text => builder.with_target(false).finish().try_init(),
        Format::Json => builder.json().finish().try_init(),
    };
}

/// An error with all its causes, on one line.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {cause}");
        source = cause.source();
    }
    text
}
