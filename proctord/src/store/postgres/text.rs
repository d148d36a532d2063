//! Texts on their way in. Postgres refuses the character NUL in a text, which SQLite and JSON take: it is
//! replaced, so that no execution is refused for a message that came with it.

use std::borrow::Cow;

/// The text as Postgres takes it.
pub(super) fn text(given: &str) -> Cow<'_, str> {
    if given.contains('\0') {
        Cow::Owned(given.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(given)
    }
}

/// The same for a text that may be absent.
pub(super) fn text_if_any(given: Option<&str>) -> Option<Cow<'_, str>> {
    given.map(text)
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn only_nul_is_replaced() {
        assert_eq!(text("a\0b"), "a\u{fffd}b");
        assert_eq!(text("grüße\n"), "grüße\n");
    }
}
