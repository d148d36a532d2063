//! A log as somebody has read it: its bytes, its gaps and its end.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proctor_api::{LogEnd, LogEvent, LogEventKind};
use serde_json::Value;

/// A line of an answer with a log.
#[derive(Debug, Clone)]
pub enum LogLine {
    Bytes(u64, Vec<u8>),
    Event(LogEvent),
    /// The answer was cut off.
    Break,
}

#[derive(Debug, Clone, Default)]
pub struct Log {
    pub bytes: Vec<u8>,
    /// The offsets at which bytes are missing, and why.
    pub gaps: Vec<(u64, String)>,
    pub end: Option<LogEnd>,
    /// Where bytes came that do not follow those before.
    pub leaps: Vec<String>,
    /// How often it was begun anew.
    pub breaks: usize,
}

impl LogLine {
    pub fn parse(line: &[u8]) -> Self {
        let value: Value = serde_json::from_slice(line).unwrap();
        match (value["offset"].as_u64(), value["bytes"].as_str()) {
            (Some(offset), Some(bytes)) => Self::Bytes(offset, STANDARD.decode(bytes).unwrap()),
            _ => Self::Event(serde_json::from_value(value).unwrap()),
        }
    }

    pub fn is_end(&self) -> bool {
        matches!(self, Self::Event(event) if matches!(event.kind, LogEventKind::End(_)))
    }

    /// Where the log goes on after this line, if it went on there before it.
    pub fn next_offset(&self, offset: u64) -> u64 {
        match self {
            Self::Bytes(begin, bytes) => begin + u64::try_from(bytes.len()).unwrap_or_default(),
            _ => offset,
        }
    }
}

impl Log {
    pub fn take(&mut self, line: LogLine) {
        match line {
            LogLine::Bytes(offset, bytes) => {
                let length = u64::try_from(self.bytes.len()).unwrap_or_default();
                if offset != length {
                    let leap = format!("{} bytes at {offset} after {length}", bytes.len());
                    self.leaps.push(leap);
                }
                self.bytes.extend(bytes);
            }
            LogLine::Event(event) => match event.kind {
                LogEventKind::Attempt { .. } => {}
                LogEventKind::Gap { text } => self.missing(event.offset, text),
                LogEventKind::End(end) => self.end = Some(end),
            },
            LogLine::Break => self.breaks += 1,
        }
    }

    /// A gap comes again to whoever begins anew where it is.
    pub fn missing(&mut self, offset: u64, why: String) {
        let gap = (offset, why);
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    /// Whether it says of itself that every byte is there.
    pub fn is_complete(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.log_complete)
    }
}
