//! Reads a log as Kubernetes streams it, a timestamp before each line, and takes the timestamps out; finds the place
//! again at which an earlier stream was left. Pure: chunks go in, cut anywhere, and bytes with their places come out.

use jiff::Timestamp;
use thiserror::Error;

use super::cursor::Place;

/// Longer than any timestamp that Kubernetes writes.
const LONGEST_TIMESTAMP: usize = 40;

/// Container runtimes part longer lines, and a file may be rotated between the parts.
const LONGEST_PART: u64 = 16 << 10;

/// What stands where a line's timestamp should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` stands where a line's timestamp should be")]
pub(super) struct LineError(String);

/// Bytes of a log that follow each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) from: Place,
    pub(super) bytes: Vec<u8>,
    pub(super) to: Place,
}

/// What came of a chunk.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Parsed {
    /// The place that was looked for is not in this stream, which begins behind it. What lies between is lost.
    pub(super) missing: bool,
    pub(super) piece: Option<Piece>,
    /// Why nothing behind the piece is to be believed.
    pub(super) flaw: Option<LineError>,
}

/// One stream.
#[derive(Debug)]
pub(super) struct Lines {
    within: Within,
    search: Search,
    place: Option<Place>,
}

/// In what the stream stands.
#[derive(Debug, PartialEq, Eq)]
enum Within {
    /// A timestamp, of which this has come.
    Timestamp(Vec<u8>),
    /// A line.
    Line,
    /// The end of a line whose beginning is not in the stream: it is older than what was asked for, or in a file that
    /// was rotated away.
    Remainder,
}

/// The search for the place at which an earlier stream was left.
#[derive(Debug, PartialEq, Eq)]
enum Search {
    Anchor(Place),
    /// The anchor was found; what was taken behind it comes again first.
    Known {
        sought: Place,
        seen: Place,
    },
    Over,
}

impl Lines {
    /// A stream that begins where the log does.
    pub(super) fn beginning() -> Self {
        Self {
            within: Within::Timestamp(Vec::new()),
            search: Search::Over,
            place: None,
        }
    }

    /// A stream that was asked for since `place.since()`.
    pub(super) fn behind(place: Place) -> Self {
        Self {
            search: Search::Anchor(place),
            ..Self::beginning()
        }
    }

    /// Whether the stream has reached the place that was looked for, and does not stand within a timestamp.
    pub(super) fn is_settled(&self) -> bool {
        let torn = matches!(&self.within, Within::Timestamp(begun) if !begun.is_empty());
        self.search == Search::Over && !torn
    }

    /// Takes what came.
    pub(super) fn take(&mut self, mut chunk: &[u8]) -> Parsed {
        let mut parsed = Parsed::default();
        while !chunk.is_empty() {
            chunk = match &mut self.within {
                Within::Timestamp(begun) => {
                    let (begun, rest) = gather(std::mem::take(begun), chunk);
                    if let Err(flaw) = self.timestamp(begun, &mut parsed) {
                        parsed.flaw = Some(flaw);
                        return parsed;
                    }
                    rest
                }
                Within::Line | Within::Remainder => {
                    let (line, rest) = chunk.split_at(line_length(chunk));
                    if self.within == Within::Line {
                        self.content(line, &mut parsed);
                    }
                    if line.ends_with(b"\n") {
                        self.within = Within::Timestamp(Vec::new());
                    }
                    rest
                }
            };
        }
        parsed
    }

    /// Looks at what has come of a timestamp.
    fn timestamp(&mut self, begun: Vec<u8>, parsed: &mut Parsed) -> Result<(), LineError> {
        let ends = begun
            .last()
            .is_some_and(|last| matches!(last, b' ' | b'\n'));
        if !ends && begun.len() < LONGEST_TIMESTAMP {
            self.within = Within::Timestamp(begun);
            return Ok(());
        }
        if let Some(at) = moment(&begun) {
            self.within = self.begin_line(at, parsed);
            return Ok(());
        }
        let may_be_remainder = matches!(self.search, Search::Anchor(_)) && self.place.is_none();
        if !may_be_remainder {
            return Err(LineError(String::from_utf8_lossy(&begun).trim_end().into()));
        }
        self.within = match begun.last() {
            Some(b'\n') => Within::Timestamp(Vec::new()),
            _ => Within::Remainder,
        };
        Ok(())
    }

    /// Tells as what the line is to be read.
    fn begin_line(&mut self, at: Timestamp, parsed: &mut Parsed) -> Within {
        match (&self.search, &mut self.place) {
            (Search::Anchor(sought), _) if at < sought.anchor() => {}
            (Search::Anchor(sought), _) if at > sought.anchor() => {
                // This may be a later part of the line that was left, of which nobody knows how much was taken.
                if sought.taken() >= LONGEST_PART {
                    self.search = Search::Anchor(Place::line(sought.anchor()));
                    return Within::Remainder;
                }
                self.search = Search::Over;
                parsed.missing = true;
                self.place = Some(Place::line(at));
            }
            (Search::Anchor(sought), place) => {
                let seen = Place::line(at);
                *place = Some(seen.reaching_back_to(sought.lowest()));
                let sought = *sought;
                self.search = Search::Known { sought, seen };
            }
            (_, Some(place)) => place.begin_line(at),
            (_, place) => *place = Some(Place::line(at)),
        }
        parsed.missing |= self.is_mistaken();
        if let (Some(piece), Some(place)) = (&mut parsed.piece, self.place) {
            piece.to = place;
        }
        Within::Line
    }

    fn content(&mut self, line: &[u8], parsed: &mut Parsed) {
        let Some(place) = &mut self.place else {
            return;
        };
        let (again, new) = self.search.split(line);
        place.advance(again);
        let from = *place;
        place.advance(new);
        let to = *place;
        parsed.missing |= self.is_mistaken();
        if new.is_empty() {
            return;
        }
        let piece = parsed.piece.get_or_insert_with(|| Piece {
            from,
            bytes: Vec::new(),
            to,
        });
        piece.bytes.extend_from_slice(new);
        piece.to = to;
    }

    /// Ends the search when all that is known has come again; tells whether it was something else.
    fn is_mistaken(&mut self) -> bool {
        match &self.search {
            Search::Known { sought, seen } if seen.taken() >= sought.taken() => {
                let mistaken = seen.digest() != sought.digest();
                self.search = Search::Over;
                mistaken
            }
            _ => false,
        }
    }
}

impl Search {
    /// Parts what is known from what is new.
    fn split<'a>(&mut self, line: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let Self::Known { sought, seen } = self else {
            return line.split_at(0);
        };
        let left = sought.taken().saturating_sub(seen.taken());
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        let (again, new) = line.split_at(left.min(line.len()));
        seen.advance(again);
        (again, new)
    }
}

/// A timestamp as far as it goes with this chunk, and what follows it.
fn gather(mut begun: Vec<u8>, chunk: &[u8]) -> (Vec<u8>, &[u8]) {
    let room = LONGEST_TIMESTAMP.saturating_sub(begun.len());
    let end = chunk
        .iter()
        .take(room)
        .position(|byte| matches!(byte, b' ' | b'\n'));
    let (more, rest) = chunk.split_at(end.map_or(room.min(chunk.len()), |end| end + 1));
    begun.extend_from_slice(more);
    (begun, rest)
}

fn line_length(chunk: &[u8]) -> usize {
    let end = chunk.iter().position(|byte| *byte == b'\n');
    end.map_or(chunk.len(), |end| end + 1)
}

fn moment(begun: &[u8]) -> Option<Timestamp> {
    let text = begun.strip_suffix(b" ")?;
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
