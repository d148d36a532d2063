//! Cuts a stream of bytes into lines for the Go system's protocol: no line feed at the end, U+FFFD for what
//! is no UTF-8, the last line whether it is ended or not.

/// The line that is not complete yet.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
}

impl Lines {
    /// The lines that these bytes complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<String> {
        let mut lines = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(&rest[..end]);
            lines.push(String::from_utf8_lossy(&self.partial).into_owned());
            self.partial.clear();
            rest = &rest[end + 1..];
        }
        self.partial.extend_from_slice(rest);
        lines
    }

    /// What is left when nothing follows.
    pub(super) fn finish(self) -> Option<String> {
        (!self.partial.is_empty()).then(|| String::from_utf8_lossy(&self.partial).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn lines_come_whole_however_the_bytes_are_cut() {
        let text = "one\n\ntwo ä\nlast".as_bytes();
        for size in 1..text.len() {
            let mut lines = Lines::default();
            let mut seen: Vec<_> = text
                .chunks(size)
                .flat_map(|piece| lines.push(piece))
                .collect();
            seen.extend(lines.finish());
            assert_eq!(seen, ["one", "", "two ä", "last"], "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_no_utf8_becomes_the_replacement_character() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"a\xffb\n"), ["a\u{fffd}b"]);
        assert_eq!(lines.finish(), None);
    }
}
