//! `proctor config`

use std::collections::BTreeMap;
use std::path::Path;

use crate::assignment;
use crate::cli::ConfigArgs;
use crate::config::{self, ConfigError, KEYS, file, file::FileSettings};
use crate::console;
use crate::context::{Context, answer};
use crate::error::{Error, UsageError};
use crate::escape::visible;
use crate::prompt;

/// Shows the config file, or replaces it.
pub async fn run(context: &Context, args: ConfigArgs) -> Result<(), Error> {
    let path = config::file_path(&context.globals)?;
    if args.command.is_some() {
        return show(&path);
    }
    let settings = parse(&args.settings)?;
    if path.exists() && !args.yes && !may_overwrite(context, &path)? {
        console::warn("Skipped configuring proctor client");
        return Ok(());
    }
    file::write(&path, &FileSettings::of(settings))?;
    console::cheer("Proctor client configured successfully");
    Ok(())
}

fn show(path: &Path) -> Result<(), Error> {
    let Some(settings) = file::read(path)? else {
        let path = path.to_owned();
        return Err(ConfigError::Absent { path }.into());
    };
    answer(&lines(&settings))?;
    for key in settings.unknown_keys() {
        console::warn(format!(
            "Proctor doesn't support config key: {}",
            visible(key)
        ));
    }
    if settings.get("ACCESS_TOKEN").is_some() && file::is_readable_by_others(path) {
        let path = path.display().to_string();
        let path = visible(&path);
        console::warn(format!(
            "The token in {path} can be read by others; run: chmod 600 {path}"
        ));
    }
    for key in KEYS
        .into_iter()
        .filter(|key| config::variable(key).is_some())
    {
        console::say(format!("{key} of the environment goes before the file"));
    }
    Ok(())
}

/// The settings that the words give. Unknown keys are named and left out, as the Go client did.
fn parse(words: &[String]) -> Result<BTreeMap<String, String>, Error> {
    let mut settings = BTreeMap::new();
    let mut mistakes = Vec::new();
    for word in words {
        let Some((key, value)) = assignment::split(word) else {
            mistakes.push(format!(
                "Incorrect config key-value pair format: {}. Correct format: CONFIG_KEY=VALUE",
                visible(word)
            ));
            continue;
        };
        if !KEYS.contains(&key) {
            console::warn(format!(
                "Proctor doesn't support config key: {}",
                visible(key)
            ));
        } else if settings.insert(key.to_owned(), value.to_owned()).is_some() {
            mistakes.push(format!("Config key {key} is given more than once"));
        } else {
            config::value::check(key, value)?;
        }
    }
    if mistakes.is_empty() && settings.is_empty() {
        mistakes.push(format!("There are the config keys {}", KEYS.join(", ")));
    }
    if mistakes.is_empty() {
        Ok(settings)
    } else {
        Err(UsageError::Settings(mistakes).into())
    }
}

fn may_overwrite(context: &Context, path: &Path) -> Result<bool, Error> {
    if !context.may_ask() {
        let what = format!("overwrite {}", visible(&path.display().to_string()));
        return Err(UsageError::NobodyToAsk { what }.into());
    }
    console::warn("[Warning] This will overwrite current config:");
    match file::read(path) {
        Ok(settings) => console::say(lines(&settings.unwrap_or_default())),
        // A file that cannot be read is a good reason to replace it.
        Err(error) => console::say(error),
    }
    Ok(prompt::yes_or_no("Do you want to continue (Y/n)?", true))
}

fn lines(settings: &FileSettings) -> String {
    let line = |(key, value): (&str, &str)| format!("{key}: {}\n", visible(value));
    settings.shown().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_token_may_contain_equals_signs() {
        let words = ["ACCESS_TOKEN=abc==", "PROCTOR_HOST=h", "COLOUR=red"].map(str::to_owned);

        let settings = parse(&words).unwrap();

        assert_eq!(settings["ACCESS_TOKEN"], "abc==");
        assert_eq!(settings.len(), 2);
    }

    #[test]
    fn words_that_are_no_settings_are_told_together() {
        let words = ["one", "two"].map(str::to_owned);
        let error = parse(&words).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 2, "{error}");
        assert!(parse(&["COLOUR=red".to_owned()]).is_err());
    }
}
