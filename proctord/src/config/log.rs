//! What the service logs of itself, and how much is kept of the logs of executions.

use tracing_subscriber::EnvFilter;

use super::reader::Reader;

/// What is logged, and how much is kept of the logs of executions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// Of a longer log the middle is deleted.
    pub limit_bytes: u64,
    /// A level, or directives as `tracing` has them.
    pub level: String,
}

impl LogConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        Self {
            limit_bytes: reader.size("PROCTOR_LOG_LIMIT", 1 << 30),
            level: level(reader, "info"),
        }
    }
}

fn level(reader: &mut Reader, default: &str) -> String {
    let wanted = "trace, debug, info, warn, error or directives such as info,proctord::http=debug";
    reader.parse(
        "PROCTOR_LOG_LEVEL",
        default.to_owned(),
        default,
        wanted,
        |text| {
            let text = text.to_lowercase();
            match text.as_str() {
                "trace" | "debug" | "info" | "warn" | "error" => Some(text),
                // The Go system's other names.
                "warning" => Some("warn".to_owned()),
                "fatal" | "panic" => Some("error".to_owned()),
                _ => (text.contains('=') && EnvFilter::try_new(&text).is_ok()).then_some(text),
            }
        },
    )
}
