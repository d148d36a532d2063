//! The args of one execution: checked against what the proc declares, all mistakes at once, and completed
//! with the declared defaults. Values are strings, whatever type the proc declares.

use std::collections::BTreeMap;

use proctor_api::{ArgMetadata, ArgType, Metadata, Mistake};
use regex::Regex;

use super::name::VariableName;

/// The most args that one execution takes.
pub const COUNT_LIMIT: usize = 1000;
/// The most bytes of one value: Linux refuses a variable of 128 KiB or more, its name included.
pub const VALUE_LIMIT_BYTES: usize = 96 * 1024;
/// The most bytes of all names and values together: far below what Linux takes for an environment.
pub const TOTAL_LIMIT_BYTES: usize = 512 * 1024;

/// Args that passed; names and values as the proc will see them.
pub type Args = BTreeMap<VariableName, String>;

/// Checks the given args against the proc and fills in defaults.
///
/// # Errors
/// Everything that is wrong with them, in the order of the names.
pub fn resolve(
    metadata: &Metadata,
    given: &BTreeMap<String, String>,
) -> Result<Args, Vec<Mistake>> {
    if let Some(mistake) = size_mistake(given) {
        return Err(vec![mistake]);
    }
    let mut args = Args::new();
    let mut mistakes = Vec::new();
    for (name, value) in given {
        match check_given(metadata, name, value) {
            Ok(name) => drop(args.insert(name, value.clone())),
            Err(message) => mistakes.push(Mistake::new(place(name), message)),
        }
    }
    for declared in metadata
        .env_vars
        .args
        .iter()
        .filter(|arg| !given.contains_key(&arg.name))
    {
        match (
            absent_value(declared),
            declared.name.parse::<VariableName>(),
        ) {
            (Ok(Some(value)), Ok(name)) => drop(args.insert(name, value)),
            (Ok(None), _) => {}
            (Err(message), _) => mistakes.push(Mistake::new(place(&declared.name), message)),
            (_, Err(error)) => {
                mistakes.push(Mistake::new(place(&declared.name), error.to_string()))
            }
        }
    }
    if mistakes.is_empty() {
        Ok(args)
    } else {
        Err(mistakes)
    }
}

/// Whether args that the proc does not declare are refused. A document that uses none of the fields that
/// came after the Go system is read as that system did: anything goes.
#[must_use]
pub fn is_strict(metadata: &Metadata) -> bool {
    let uses_new_fields = |arg: &ArgMetadata| {
        arg.required.is_some()
            || arg.default.is_some()
            || arg.kind.is_some()
            || arg.choices.is_some()
            || arg.pattern.is_some()
    };
    match metadata.allow_extra_args {
        Some(allow) => !allow,
        None => metadata.env_vars.args.iter().any(uses_new_fields),
    }
}

/// What is wrong with a value for a declared arg, if anything.
pub(super) fn value_mistake(declared: &ArgMetadata, value: &str) -> Option<String> {
    let kind = declared.kind.unwrap_or(ArgType::String);
    let choices = declared.choices.as_deref();
    let fits = match kind {
        ArgType::String | ArgType::Choice => true,
        ArgType::Integer => value.parse::<i64>().is_ok(),
        ArgType::Number => value.parse::<f64>().is_ok_and(f64::is_finite),
        ArgType::Boolean => matches!(value, "true" | "false"),
    };
    if !fits {
        return Some(match kind {
            ArgType::Boolean => "must be true or false".to_owned(),
            ArgType::Integer => "must be a whole number".to_owned(),
            _ => "must be a number".to_owned(),
        });
    }
    if let Some(choices) = choices.filter(|choices| !choices.iter().any(|choice| choice == value)) {
        return Some(format!("must be one of {}", choices.join(", ")));
    }
    let pattern = declared.pattern.as_deref()?;
    match whole_value_pattern(pattern) {
        Ok(regex) if regex.is_match(value) => None,
        Ok(_) => Some(format!("must match the pattern {pattern}")),
        Err(error) => Some(format!(
            "cannot be checked: the proc's pattern is invalid: {error}"
        )),
    }
}

/// The pattern as it is applied: to the whole value, bounded in size.
pub(super) fn whole_value_pattern(pattern: &str) -> Result<Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .build()
}

fn place(name: &str) -> String {
    format!("args.{name}")
}

fn size_mistake(given: &BTreeMap<String, String>) -> Option<Mistake> {
    if given.len() > COUNT_LIMIT {
        let message = format!(
            "has {} entries, at most {COUNT_LIMIT} are taken",
            given.len()
        );
        return Some(Mistake::new("args", message));
    }
    let total: usize = given
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    (total > TOTAL_LIMIT_BYTES).then(|| {
        Mistake::new(
            "args",
            format!("has {total} bytes in all, at most {TOTAL_LIMIT_BYTES} are taken"),
        )
    })
}

fn check_given(metadata: &Metadata, name: &str, value: &str) -> Result<VariableName, String> {
    let declared = metadata.env_vars.args.iter().find(|arg| arg.name == name);
    if declared.is_none() && is_strict(metadata) {
        return Err(unknown_arg(metadata));
    }
    let variable: VariableName = name
        .parse()
        .map_err(|error| format!("is no name for an arg: it {error}"))?;
    if metadata
        .env_vars
        .secrets
        .iter()
        .any(|secret| secret.name == name)
    {
        return Err("is a secret of this proc and cannot be given as an arg".to_owned());
    }
    if value.contains('\0') {
        return Err("must not contain a NUL byte".to_owned());
    }
    if value.len() > VALUE_LIMIT_BYTES {
        return Err(format!(
            "has {} bytes, at most {VALUE_LIMIT_BYTES} are taken",
            value.len()
        ));
    }
    match declared.and_then(|declared| value_mistake(declared, value)) {
        Some(message) => Err(message),
        None => Ok(variable),
    }
}

fn unknown_arg(metadata: &Metadata) -> String {
    let names: Vec<_> = metadata
        .env_vars
        .args
        .iter()
        .map(|arg| arg.name.as_str())
        .collect();
    if names.is_empty() {
        "is not an arg of this proc, which takes none".to_owned()
    } else {
        format!(
            "is not an arg of this proc, which takes {}",
            names.join(", ")
        )
    }
}

fn absent_value(declared: &ArgMetadata) -> Result<Option<String>, String> {
    match &declared.default {
        Some(default) => Ok(Some(default.clone())),
        None if declared.required == Some(true) => Err("is required".to_owned()),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests;
