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
    // The HTTP server tells of its workers at every start and stop, the database of what is there already when a
    // migration asks: nobody needs to know. The Kubernetes client writes whole bodies, Secrets among them, when it
    // cannot read them; whoever calls it tells what went wrong. What ticks tells that it begins to.
    let quiet =
        "actix_server=warn,sqlx::postgres::notice=warn,kube_client=off,tokio_cron_scheduler=warn";
    let filter = EnvFilter::new(format!("{quiet},{filter}"));
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

/// For a person if one reads standard error, for machines otherwise.
#[must_use]
pub fn format_for_reader() -> Format {
    if std::io::stderr().is_terminal() {
        Format::Text
    } else {
        Format::Json
    }
}

/// An error with all its causes, on one line. A cause that an error tells by itself is not told again.
#[must_use]
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let told = cause.to_string();
        if !text.ends_with(&told) {
            // Writing to a String cannot fail.
            let _ = write!(text, ": {told}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::chain;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Told {
        text: &'static str,
        source: Option<Box<Told>>,
    }

    fn told(text: &'static str, source: Option<Told>) -> Told {
        let source = source.map(Box::new);
        Told { text, source }
    }

    #[test]
    fn causes_are_told_once() {
        let cause = told("refused: port closed", Some(told("port closed", None)));

        let text = chain(&told("cannot connect", Some(cause)));

        assert_eq!(text, "cannot connect: refused: port closed");
    }
}
