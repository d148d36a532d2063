//! What every command is given.

use std::io::{self, IsTerminal as _};

use crate::cli::GlobalArgs;
use crate::client::Client;
use crate::config::{self, Settings};
use crate::console;
use crate::error::Error;
use crate::output::Output;
use crate::tls;

/// The global flags, and what follows from them on demand.
#[derive(Debug)]
pub struct Context {
    pub globals: GlobalArgs,
}

impl Context {
    pub fn settings(&self) -> Result<Settings, Error> {
        Ok(config::load(&self.globals)?)
    }

    pub fn client(&self) -> Result<Client, Error> {
        connect(self.settings()?)
    }

    /// Whether somebody sits at a terminal who may be asked.
    #[must_use]
    pub fn may_ask(&self) -> bool {
        !self.globals.no_input && io::stdin().is_terminal() && io::stderr().is_terminal()
    }
}

/// A client of the host of the settings.
pub fn connect(settings: Settings) -> Result<Client, Error> {
    if settings.host.is_in_the_clear() && !settings.token.expose().is_empty() {
        console::warn(format!(
            "The token travels to {} in the clear, where others can read it; https:// keeps it from them.",
            settings.host
        ));
    }
    let tls = tls::config(&settings)?;
    Ok(Client::new(settings, tls)?)
}

/// Writes an answer to stdout.
pub fn answer(text: &str) -> Result<(), Error> {
    console::answer(text).map_err(Error::Stdout)
}

/// Says something that only people want to know.
pub fn chat(output: &dyn Output, say: impl FnOnce()) {
    if output.chats() {
        say();
    }
}

/// Whether the error is a reader that has gone away.
#[must_use]
pub fn is_broken_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}
