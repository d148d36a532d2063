//! What is written in the channel: an execution as blocks, anything else as a line of text, both as version 2 wrote
//! them. Values are plain text, so that nothing in an arg can call a whole channel.

use proctor_plugin::{Event, Failure};
use serde::Serialize;

/// The type whose events version 2 wrote as blocks.
const EXECUTION: &str = "EXECUTION_EVENT";

/// The content that version 2's events had, which is the first block as ever.
const OF_VERSION_2: [&str; 5] = ["Args", "ExecutionID", "ImageTag", "JobName", "Status"];

/// Slack's limits: fields of a section, letters in a field and in a text, blocks of a message.
const MOST_FIELDS: usize = 10;
const LONGEST_FIELD: usize = 2000;
const LONGEST_TEXT: usize = 3000;
const MOST_BLOCKS: usize = 50;

/// A message.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Message {
    Blocks { blocks: Vec<Section> },
    Text { text: String },
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename = "section")]
pub(crate) struct Section {
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Text>,
    fields: Vec<Text>,
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(tag = "type", content = "text", rename_all = "snake_case")]
enum Text {
    PlainText(String),
    Mrkdwn(String),
}

impl Message {
    pub(crate) fn of(event: &Event) -> Result<Self, Failure> {
        match event.kind.as_str() {
            EXECUTION => Ok(Self::Blocks {
                blocks: blocks(event),
            }),
            _ => Ok(Self::Text { text: line(event)? }),
        }
    }
}

fn blocks(event: &Event) -> Vec<Section> {
    let is_of_version_2 = |name: &str| OF_VERSION_2.contains(&name);
    let (first, more): (Vec<_>, Vec<_>) = event
        .content
        .iter()
        .partition(|(name, _)| is_of_version_2(name));
    let heading = format!("{} execute job with details:", event.user.email);
    let heading = Section {
        text: Some(Text::PlainText(cut(&heading, LONGEST_TEXT))),
        fields: first.into_iter().flat_map(field).collect(),
    };
    let more = more.chunks(MOST_FIELDS / 2).map(|some| Section {
        text: None,
        fields: some.iter().copied().flat_map(field).collect(),
    });
    std::iter::once(heading)
        .chain(more)
        .take(MOST_BLOCKS)
        .collect()
}

/// A name and its value, which are two fields to Slack.
fn field((name, value): (&String, &String)) -> [Text; 2] {
    let name = Text::Mrkdwn(cut(&format!("*{name}*"), LONGEST_FIELD));
    // Slack refuses a text of no letters.
    let value = match value.as_str() {
        "" => "-",
        value => value,
    };
    [name, Text::PlainText(cut(value, LONGEST_FIELD))]
}

/// Of this text Slack would make links and calls, so what could begin one is written as version 2's JSON wrote it.
fn line(event: &Event) -> Result<String, Failure> {
    let detail = serde_json::to_string(&event.content)?;
    let detail = detail
        .replace('&', "\\u0026")
        .replace('<', "\\u003c")
        .replace('>', "\\u003e");
    let email = event.user.email.replace('&', "&amp;");
    let email = email.replace('<', "&lt;").replace('>', "&gt;");
    let (kind, text) = (&event.kind, format!("User: {email}\nEmit event<"));
    Ok(cut(
        &format!("{text}{kind}> with detail: {detail}"),
        LONGEST_TEXT,
    ))
}

/// No longer than this; what is missing is shown by an ellipsis.
fn cut(text: &str, most_letters: usize) -> String {
    if text.chars().count() <= most_letters {
        return text.to_owned();
    }
    let begin: String = text.chars().take(most_letters - 1).collect();
    begin + "…"
}

#[cfg(test)]
mod tests;
