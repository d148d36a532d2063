//! Names for common expressions. Version 2 took none of them, so they cannot mean anything else to anyone.

use super::error::ExpressionError;

const NICKNAMES: [(&str, &str); 7] = [
    ("@yearly", "0 0 1 1 *"),
    ("@annually", "0 0 1 1 *"),
    ("@monthly", "0 0 1 * *"),
    ("@weekly", "0 0 * * 0"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@hourly", "0 * * * *"),
];

/// The five fields that a nickname stands for; none if the text is no nickname.
pub(super) fn expand(text: &str) -> Result<Option<&'static str>, ExpressionError> {
    let text = text.trim();
    if !text.starts_with('@') {
        return Ok(None);
    }
    let known = NICKNAMES
        .iter()
        .find(|(nickname, _)| nickname.eq_ignore_ascii_case(text));
    match known {
        Some((_, fields)) => Ok(Some(fields)),
        None if is_every(text) => Err(ExpressionError::Every(text.to_owned())),
        None => Err(ExpressionError::UnknownNickname(text.to_owned())),
    }
}

fn is_every(text: &str) -> bool {
    text.split_whitespace()
        .next()
        .is_some_and(|word| word.eq_ignore_ascii_case("@every"))
}
