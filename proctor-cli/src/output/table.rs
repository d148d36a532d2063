//! Columns of text: as wide as their content needs, or as narrow as the terminal is. Counts what a
//! character takes on the screen, not how many bytes it has.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// Between two columns.
const GAP: usize = 1;
/// No column is cut to less.
const NARROWEST: usize = 8;

/// How a column behaves.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Never narrower than this, unless the terminal is.
    pub least: usize,
    /// Whether it may be cut where there is no room.
    pub gives_way: bool,
    pub to_the_right: bool,
}

impl Column {
    /// A column that always shows everything.
    pub const fn whole(least: usize) -> Self {
        Self {
            least,
            gives_way: false,
            to_the_right: false,
        }
    }

    /// A column that is cut with an ellipsis where there is no room.
    pub const fn cut(least: usize) -> Self {
        Self {
            gives_way: true,
            ..Self::whole(least)
        }
    }

    /// A column of numbers.
    pub const fn number(least: usize) -> Self {
        Self {
            to_the_right: true,
            ..Self::whole(least)
        }
    }
}

/// The rows as lines, the first of them too; without a width nothing is ever cut.
#[must_use]
pub fn lines<const N: usize>(
    columns: &[Column; N],
    rows: &[[String; N]],
    width: Option<usize>,
) -> Vec<String> {
    let widths = widths(columns, rows, width);
    rows.iter()
        .map(|row| line(columns, row, &widths, width.is_some()))
        .collect()
}

fn widths<const N: usize>(
    columns: &[Column; N],
    rows: &[[String; N]],
    width: Option<usize>,
) -> [usize; N] {
    let needed: [usize; N] = std::array::from_fn(|index| {
        let cells = rows.iter().map(|row| row[index].width());
        cells.max().unwrap_or_default()
    });
    let wished: [usize; N] = std::array::from_fn(|index| needed[index].max(columns[index].least));
    let Some(width) = width else {
        return wished;
    };
    let room = width.saturating_sub(GAP * N.saturating_sub(1));
    if wished.iter().sum::<usize>() <= room {
        return wished;
    }
    let mut widths = needed;
    // The widest column that gives way does so, one character at a time.
    while widths.iter().sum::<usize>() > room {
        let giving = (0..N).filter(|&index| columns[index].gives_way && widths[index] > NARROWEST);
        let Some(widest) = giving.max_by_key(|&index| widths[index]) else {
            break;
        };
        widths[widest] -= 1;
    }
    widths
}

fn line<const N: usize>(
    columns: &[Column; N],
    row: &[String; N],
    widths: &[usize; N],
    cuts: bool,
) -> String {
    let mut line = String::new();
    for (index, cell) in row.iter().enumerate() {
        let column = columns[index];
        let cell = if cuts && column.gives_way {
            cut(cell, widths[index])
        } else {
            cell.clone()
        };
        let space = " ".repeat(widths[index].saturating_sub(cell.width()));
        if index > 0 {
            line.push_str(&" ".repeat(GAP));
        }
        if column.to_the_right {
            line.push_str(&space);
            line.push_str(&cell);
        } else {
            line.push_str(&cell);
            line.push_str(&space);
        }
    }
    line.truncate(line.trim_end().len());
    line
}

/// The text within a width, with an ellipsis in place of what does not fit.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut taken = 1;
    for character in text.chars() {
        taken += character.width().unwrap_or_default();
        if taken > width {
            break;
        }
        short.push(character);
    }
    short.push('…');
    short
}

/// A name and what is said about it: two columns, of which the second is wrapped below itself where the
/// terminal is too narrow.
#[must_use]
pub fn pair(name: &str, text: &str, first: usize, width: Option<usize>) -> String {
    let space = first.saturating_sub(name.width());
    let whole = format!("{name}{} {text}", " ".repeat(space));
    let Some(width) = width.filter(|width| whole.width() > *width) else {
        return whole.trim_end().to_owned();
    };
    // Without room for a second column, the text stands below the name.
    let (indent, mut lines) = if width < first + 1 + 2 * NARROWEST || name.width() > first {
        let indent = 4.min(width / 4);
        (indent, vec![name.to_owned(), String::new()])
    } else {
        let head = format!("{name}{} ", " ".repeat(space));
        (first + 1, vec![head])
    };
    let room = width.saturating_sub(indent).max(1);
    for (index, part) in wrap(text, room).into_iter().enumerate() {
        match lines.last_mut() {
            Some(last) if index == 0 && !last.is_empty() => last.push_str(&part),
            Some(last) if index == 0 => *last = format!("{}{part}", " ".repeat(indent)),
            _ => lines.push(format!("{}{part}", " ".repeat(indent))),
        }
    }
    let trimmed: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    trimmed.join("\n")
}

/// The text as lines within a width, broken between words, or within a word that is too long.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() > width {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        for character in word.chars() {
            if line.width() + character.width().unwrap_or_default() > width && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(character);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::{Column, cut, lines, pair, wrap};

    const COLUMNS: [Column; 3] = [Column::whole(4), Column::cut(10), Column::number(3)];

    fn rows() -> Vec<[String; 3]> {
        [["1", "short", "9"], ["22", "a very long name indeed", "10"]]
            .map(|row| row.map(str::to_owned))
            .to_vec()
    }

    #[test]
    fn columns_are_aligned_and_never_cut_without_a_terminal() {
        assert_eq!(
            lines(&COLUMNS, &rows(), None),
            [
                "1    short                     9",
                "22   a very long name indeed  10",
            ]
        );
    }

    #[test]
    fn a_terminal_that_is_too_narrow_cuts_what_gives_way() {
        let lines = lines(&COLUMNS, &rows(), Some(18));

        assert_eq!(lines, ["1  short         9", "22 a very long… 10"]);
        assert!(lines.iter().all(|line| line.width() <= 18));
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(cut("世界世界", 5), "世界…");
        let rows = [["世界".to_owned(), "x".to_owned()]];
        let columns = [Column::whole(5), Column::whole(0)];
        assert_eq!(lines(&columns, &rows, None), ["世界  x"]);
    }

    #[test]
    fn a_long_text_is_wrapped_below_itself() {
        assert_eq!(
            pair("name", "one two three four", 6, Some(23)),
            "name   one two three\n       four"
        );
        assert_eq!(
            pair("name", "one two three", 6, None),
            "name   one two three"
        );
        assert_eq!(pair("name", "", 6, Some(20)), "name");
        assert_eq!(
            pair("a-name-that-is-long", "one two", 6, Some(23)),
            "a-name-that-is-long\n    one two"
        );
    }

    #[test]
    fn words_that_are_too_long_are_broken() {
        assert_eq!(wrap("abcdef gh", 4), ["abcd", "ef", "gh"]);
        assert_eq!(wrap("", 4), [""]);
    }
}
