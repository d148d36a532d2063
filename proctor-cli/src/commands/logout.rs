//! `proctor logout`

use crate::config::{self, file};
use crate::console;
use crate::context::Context;
use crate::error::Error;
use crate::escape::visible;

/// Removes the token from the config file, and leaves all else in it.
pub fn run(context: &Context) -> Result<(), Error> {
    let path = config::file_path(&context.globals)?;
    let shown = path.display().to_string();
    let settings = file::read(&path)?.unwrap_or_default();
    if settings.get("ACCESS_TOKEN").is_none() {
        console::say(format!("There is no token in {}", visible(&shown)));
    } else {
        file::change(&path, &[("ACCESS_TOKEN", None)])?;
        console::cheer(format!(
            "Logged out: the token is gone from {}",
            visible(&shown)
        ));
    }
    if config::variable("ACCESS_TOKEN").is_some() {
        console::warn("ACCESS_TOKEN of the environment is still sent");
    }
    Ok(())
}
