//! Makes text that comes from elsewhere safe to show: a description must not move the cursor, recolour
//! the terminal or turn the line around. A proc's raw log is never passed through here.

use std::borrow::Cow;

/// Whether a terminal would act on the character instead of showing it.
#[must_use]
pub fn is_hazardous(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

/// The text on one line, with everything hazardous written as an escape.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, is_hazardous)
}

/// As [`visible`], but lines stay lines.
#[must_use]
pub fn visible_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |character| {
        character != '\n' && is_hazardous(character)
    })
}

fn escaped(text: &str, hazardous: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&hazardous) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if hazardous(character) {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::{visible, visible_lines};

    #[test]
    fn control_characters_are_shown_instead_of_obeyed() {
        assert_eq!(visible("a\x1b[31mb\nc\r\u{9b}"), r"a\u{1b}[31mb\nc\r\u{9b}");
        assert_eq!(visible("evil\u{202e}txt"), r"evil\u{202e}txt");
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        assert_eq!(visible("Grüße, 世界 \\ %"), "Grüße, 世界 \\ %");
        assert_eq!(visible_lines("one\ntwo\t"), "one\ntwo\\t");
    }
}
