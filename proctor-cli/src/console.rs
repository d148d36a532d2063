//! The two streams of the command line: answers on stdout, everything said about them on stderr.
//! Colours reach a terminal only, and not with NO_COLOR.

use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};

use owo_colors::OwoColorize as _;

use crate::config;
use crate::output::pair;

/// The width of the first of two columns.
pub const FIRST_COLUMN: usize = 40;

/// Writes an answer to stdout.
pub fn answer(text: &str) -> io::Result<()> {
    let mut stdout = anstream::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Says something on stderr. Nobody listening there is no reason to fail.
pub fn say(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Asks on stderr, leaving the cursor where the reply is typed.
pub fn ask(text: impl Display) {
    let mut stderr = anstream::stderr().lock();
    let _ = write!(stderr, "{text}");
    let _ = stderr.flush();
}

/// Good news, in green.
pub fn cheer(text: impl Display) {
    say(text.green());
}

/// A heading within what is said, in magenta.
pub fn head(text: impl Display) {
    say(text.magenta());
}

/// Something to look at, in yellow.
pub fn warn(text: impl Display) {
    say(text.yellow());
}

/// Something that went wrong, in red.
pub fn fail(text: impl Display) {
    say(text.red());
}

/// Two columns, the first 40 wide, without trailing spaces.
#[must_use]
pub fn row(name: &str, value: &str) -> String {
    pair(name, value, FIRST_COLUMN, None)
}

/// How many columns stdout has, if it is a terminal.
#[must_use]
pub fn stdout_width() -> Option<usize> {
    let (width, _) = terminal_size::terminal_size_of(io::stdout())?;
    Some(usize::from(width.0)).filter(|width| *width > 0)
}

/// Whether stderr is a terminal that can show something and take it back.
#[must_use]
pub fn can_take_back() -> bool {
    io::stderr().is_terminal() && config::variable("TERM").is_none_or(|term| term != "dumb")
}
