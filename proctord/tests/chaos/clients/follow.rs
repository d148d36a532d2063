//! Follows a log to its end, over any replica, going on at its offset wherever a connection breaks.

use reqwest::Method;

use super::ask::Asker;
use crate::history::LogLine;

/// Hands on every line of the log that comes.
pub async fn to_the_end(asker: &mut Asker, id: u64, mut take: impl FnMut(LogLine)) {
    let mut offset = 0;
    loop {
        let path = format!("/execution/{id}/logs?follow=true&offset={offset}");
        let kind = "application/x-ndjson";
        let answer = asker.begin(Method::GET, &path, kind, |request| request);
        if let Some(mut response) = answer.await
            && response.status() == 200
        {
            let mut lines = Lines::default();
            while let Ok(Some(bytes)) = response.chunk().await {
                for line in lines.of(&bytes) {
                    let is_end = line.is_end();
                    offset = line.next_offset(offset);
                    take(line);
                    if is_end {
                        return;
                    }
                }
            }
            take(LogLine::Break);
        }
        asker.wait().await;
    }
}

/// Pieces of a body as lines.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn of(&mut self, bytes: &[u8]) -> Vec<LogLine> {
        self.begun.extend_from_slice(bytes);
        let Some(last) = self.begun.iter().rposition(|byte| *byte == b'\n') else {
            return Vec::new();
        };
        let rest = self.begun.split_off(last + 1);
        let whole = std::mem::replace(&mut self.begun, rest);
        let lines = whole.split(|byte| *byte == b'\n');
        lines
            .filter(|line| !line.is_empty())
            .map(LogLine::parse)
            .collect()
    }
}
