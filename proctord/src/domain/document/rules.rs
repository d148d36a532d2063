//! What must hold between the fields of a document that has the right form.

use std::collections::BTreeSet;

use proctor_api::{ArgMetadata, ArgType, Metadata, Mistake, bundle_digest_is_well_formed};

use super::{image, quantity};
use crate::domain::args::{value_mistake, whole_value_pattern};
use crate::domain::name::{ProcName, VariableName};

const RETRIES_LIMIT: u32 = 100;
const DEADLINE_LIMIT_SECONDS: u32 = 365 * 24 * 3600;

/// Notes every rule that the document breaks.
pub(super) fn check(metadata: &Metadata, mistakes: &mut Vec<Mistake>) {
    if let Err(error) = metadata.name.parse::<ProcName>() {
        mistakes.push(Mistake::new("name", error.to_string()));
    }
    check_what_runs(metadata, mistakes);
    check_limits(metadata, mistakes);
    check_variables(metadata, mistakes);
    for (index, arg) in metadata.env_vars.args.iter().enumerate() {
        check_arg(arg, &format!("env_vars.args[{index}]"), mistakes);
    }
}

fn check_what_runs(metadata: &Metadata, mistakes: &mut Vec<Mistake>) {
    match &metadata.command {
        Some(command) if command.first().is_none_or(String::is_empty) => {
            mistakes.push(Mistake::new("command", "must name a program first"));
        }
        Some(command) if command.iter().any(|word| word.contains('\0')) => {
            mistakes.push(Mistake::new("command", "must not contain a NUL byte"));
        }
        None if metadata.image_name.is_empty() => {
            mistakes.push(Mistake::new(
                "",
                "names neither an image_name nor a command, so nothing can run",
            ));
        }
        _ => {}
    }
    if !metadata.image_name.is_empty()
        && let Some(mistake) = image::mistake(&metadata.image_name)
    {
        mistakes.push(Mistake::new("image_name", mistake));
    }
    if metadata
        .bundle
        .as_deref()
        .is_some_and(|digest| !bundle_digest_is_well_formed(digest))
    {
        mistakes.push(Mistake::new(
            "bundle",
            "must have the form sha256:<64 hex digits>",
        ));
    }
    if metadata.bundle.is_some() && metadata.command.is_none() {
        mistakes.push(Mistake::new(
            "bundle",
            "needs a command that is started in it",
        ));
    }
    if metadata
        .authorized_groups
        .iter()
        .any(|group| group.trim().is_empty())
    {
        mistakes.push(Mistake::new(
            "authorized_groups",
            "must not name an empty group",
        ));
    }
}

fn check_limits(metadata: &Metadata, mistakes: &mut Vec<Mistake>) {
    let mut range = |name: &str, value: Option<u32>, low: u32, high: u32| {
        if value.is_some_and(|value| !(low..=high).contains(&value)) {
            mistakes.push(Mistake::new(name, format!("must be from {low} to {high}")));
        }
    };
    range(
        "deadline_seconds",
        metadata.deadline_seconds,
        1,
        DEADLINE_LIMIT_SECONDS,
    );
    range("retries", metadata.retries, 0, RETRIES_LIMIT);
    range("max_concurrent", metadata.max_concurrent, 1, u32::MAX);
    let Some(resources) = &metadata.resources else {
        return;
    };
    let cpu = resources.cpu.as_deref().and_then(quantity::cpu_mistake);
    let memory = resources
        .memory
        .as_deref()
        .and_then(quantity::memory_mistake);
    for (name, mistake) in [("cpu", cpu), ("memory", memory)] {
        mistakes.extend(mistake.map(|message| Mistake::new(format!("resources.{name}"), message)));
    }
}

fn check_variables(metadata: &Metadata, mistakes: &mut Vec<Mistake>) {
    let mut seen = BTreeSet::new();
    let secrets = metadata.env_vars.secrets.iter().map(|secret| &secret.name);
    let args = metadata.env_vars.args.iter().map(|arg| &arg.name);
    let places = (0..)
        .map(|index| format!("env_vars.secrets[{index}].name"))
        .zip(secrets);
    let places = places.chain(
        (0..)
            .map(|index| format!("env_vars.args[{index}].name"))
            .zip(args),
    );
    for (place, name) in places {
        if let Err(error) = name.parse::<VariableName>() {
            mistakes.push(Mistake::new(place.clone(), error.to_string()));
        }
        if !name.is_empty() && !seen.insert(name) {
            mistakes.push(Mistake::new(place, format!("repeats the name {name}")));
        }
    }
}

fn check_arg(arg: &ArgMetadata, place: &str, mistakes: &mut Vec<Mistake>) {
    let mut note = |field: &str, message: String| {
        mistakes.push(Mistake::new(format!("{place}.{field}"), message));
    };
    if let Some(Err(error)) = arg.pattern.as_deref().map(whole_value_pattern) {
        let text = error.to_string();
        note(
            "pattern",
            format!(
                "is no regular expression: {}",
                text.lines().last().unwrap_or_default()
            ),
        );
    }
    let is_choice = arg.kind == Some(ArgType::Choice);
    match &arg.choices {
        None if is_choice => note(
            "choices",
            "is missing: a choice needs its values".to_owned(),
        ),
        Some(choices) if choices.is_empty() => note("choices", "must not be empty".to_owned()),
        Some(_) if !is_choice => note("choices", "goes only with the type choice".to_owned()),
        _ => {}
    }
    if arg.required == Some(true) && arg.default.is_some() {
        note("default", "is of no use for a required arg".to_owned());
    }
    let pattern_holds = arg
        .pattern
        .as_deref()
        .is_none_or(|pattern| whole_value_pattern(pattern).is_ok());
    if let Some(default) = arg.default.as_deref().filter(|_| pattern_holds) {
        if let Some(message) = value_mistake(arg, default) {
            note("default", message);
        } else if default.contains('\0') {
            note("default", "must not contain a NUL byte".to_owned());
        }
    }
}
