//! Files with the args of an execution: a flat map in YAML, and the template that is filled in to make one.

use std::collections::BTreeMap;
use std::path::Path;

use proctor_api::ArgMetadata;

use crate::arg;
use crate::escape::visible;
use crate::manifest::Located;

/// The largest file that is read.
const LIMIT_BYTES: u64 = 1024 * 1024;

/// What a file gives.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct ArgsFile {
    /// The values as they are spelled.
    pub values: BTreeMap<String, String>,
    /// The names after which nothing stands, as in a template that was not filled in.
    pub left_out: Vec<String>,
}

/// Reads a file strictly: whatever is not a flat map of values is a mistake with its line.
pub fn read(path: &Path) -> Result<ArgsFile, Located> {
    let read = std::fs::metadata(path).and_then(|metadata| {
        if metadata.len() > LIMIT_BYTES {
            let text = format!("larger than {LIMIT_BYTES} bytes");
            return Err(std::io::Error::other(text));
        }
        std::fs::read_to_string(path)
    });
    let text = read.map_err(|error| Located::new(path, format!("failed to read: {error}")))?;
    parse(path, &text)
}

fn parse(path: &Path, text: &str) -> Result<ArgsFile, Located> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_documents: 1, max_depth: 8, max_aliases: 100, max_anchors: 100 },
        duplicate_keys: serde_saphyr::options::DuplicateKeyPolicy::Error,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    let parsed: Result<Option<BTreeMap<String, Option<String>>>, _> =
        serde_saphyr::from_str_with_options(text, options);
    let values = parsed.map_err(|error| Located {
        line: error.location().map(|location| location.line()),
        ..Located::new(path, error)
    })?;
    let mut file = ArgsFile::default();
    for (name, value) in values.unwrap_or_default() {
        match value {
            Some(value) => drop(file.values.insert(name, value)),
            None => file.left_out.push(name),
        }
    }
    Ok(file)
}

/// A file in which the args can be filled in: two lines each, as the Go client wrote them, and one between
/// them where there are rules for the value.
#[must_use]
pub fn template(args: &[ArgMetadata]) -> String {
    let mut text = String::new();
    for arg in args {
        // A line of its own for each line of a description, or the second would be no comment.
        let mut lines: Vec<String> = arg.description.lines().map(comment).collect();
        if lines.is_empty() {
            lines.push(comment(""));
        }
        let rules = arg::rules(arg);
        if !rules.is_empty() {
            lines.push(comment(&rules.join("; ")));
        }
        lines.push(format!("{}:", key(&arg.name)));
        text.push_str(&lines.join("\n"));
        text.push('\n');
    }
    text
}

fn comment(text: &str) -> String {
    format!("# {}", visible(text)).trim_end().to_owned()
}

/// A name as a key: quoted only if it would not read back as it is.
fn key(name: &str) -> String {
    let yaml = serde_yaml::to_string(name).expect("a string is YAML");
    yaml.trim_end().to_owned()
}

#[cfg(test)]
mod tests;
