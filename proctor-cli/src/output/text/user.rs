//! Who asks, for people.

use serde_json::Value;

use crate::client::User;
use crate::escape::visible;
use crate::output::text::{Text, document};

/// A row for each thing that the service tells, the email first.
pub fn rows(text: &Text, user: &User) -> String {
    let is_email = |(name, _): &(&String, &Value)| name.as_str() == "email";
    let emails = user.iter().filter(is_email);
    let others = user.iter().filter(|field| !is_email(field));
    let row = |(name, value): (&String, &Value)| text.row(&title(name), &visible(&shown(value)));
    document(emails.chain(others).map(row))
}

/// `required_groups` as `Required Groups`.
fn title(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    };
    let words: Vec<String> = name.split('_').map(word).collect();
    visible(&words.join(" ")).into_owned()
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(shown).collect();
            format!("[{}]", values.join(", "))
        }
        Value::Null => String::new(),
        value => value.to_string(),
    }
}
