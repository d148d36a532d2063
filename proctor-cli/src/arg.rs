//! The rules of an arg: in words, and checked while its value is typed. The service checks every value
//! again and has the last word.

use std::collections::BTreeMap;

use proctor_api::{ArgMetadata, ArgType, Metadata};

/// What a value must be, in words, one rule each.
#[must_use]
pub fn rules(arg: &ArgMetadata) -> Vec<String> {
    let mut rules = Vec::new();
    if arg.required == Some(true) {
        rules.push("required".to_owned());
    }
    if let Some(choices) = &arg.choices {
        rules.push(format!("one of {}", choices.join(", ")));
    } else if let Some(kind) = arg.kind {
        rules.push(kind.as_str().to_owned());
    }
    if let Some(pattern) = &arg.pattern {
        rules.push(format!("matches {pattern}"));
    }
    if let Some(default) = &arg.default {
        rules.push(format!("default {default}"));
    }
    rules
}

/// The required args that nobody has given and that have no default.
#[must_use]
pub fn missing<'a>(
    metadata: &'a Metadata,
    given: &BTreeMap<String, String>,
) -> Vec<&'a ArgMetadata> {
    let is_missing = |arg: &&ArgMetadata| {
        arg.required == Some(true) && arg.default.is_none() && !given.contains_key(&arg.name)
    };
    metadata.env_vars.args.iter().filter(is_missing).collect()
}

/// What is wrong with a value, as far as it can be told here.
#[must_use]
pub fn value_mistake(arg: &ArgMetadata, value: &str) -> Option<String> {
    let kind = arg.kind.unwrap_or(ArgType::String);
    match kind {
        ArgType::Integer if value.parse::<i64>().is_err() => {
            return Some("must be a whole number".to_owned());
        }
        ArgType::Number if !value.parse::<f64>().is_ok_and(f64::is_finite) => {
            return Some("must be a number".to_owned());
        }
        ArgType::Boolean if !matches!(value, "true" | "false") => {
            return Some("must be true or false".to_owned());
        }
        _ => {}
    }
    let choices = arg.choices.as_deref();
    if let Some(choices) = choices.filter(|choices| !choices.iter().any(|choice| choice == value)) {
        return Some(format!("must be one of {}", choices.join(", ")));
    }
    let pattern = arg.pattern.as_deref()?;
    // A pattern that cannot be read here is left to the service.
    let regex = regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(1 << 20)
        .build()
        .ok()?;
    (!regex.is_match(value)).then(|| format!("must match the pattern {pattern}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proctor_api::{ArgMetadata, ArgType, EnvVars, Metadata};

    use super::{missing, value_mistake};

    fn arg(kind: ArgType) -> ArgMetadata {
        ArgMetadata {
            kind: Some(kind),
            ..ArgMetadata::default()
        }
    }

    #[test]
    fn a_value_is_held_against_type_and_pattern() {
        for (kind, good, bad) in [
            (ArgType::Integer, "-7", "1.5"),
            (ArgType::Number, "1e3", "NaN"),
            (ArgType::Boolean, "true", "yes"),
        ] {
            assert_eq!(value_mistake(&arg(kind), good), None);
            assert!(value_mistake(&arg(kind), bad).is_some(), "{bad}");
        }
        let patterned = ArgMetadata {
            pattern: Some("[a-z]{2}".into()),
            ..ArgMetadata::default()
        };
        assert_eq!(value_mistake(&patterned, "ab"), None);
        assert!(value_mistake(&patterned, "abc").is_some());
        let unreadable = ArgMetadata {
            pattern: Some("(".into()),
            ..ArgMetadata::default()
        };
        assert_eq!(value_mistake(&unreadable, "x"), None);
    }

    #[test]
    fn only_what_is_required_without_a_default_and_not_given_is_missing() {
        let named = |name: &str, required, default: Option<&str>| ArgMetadata {
            name: name.into(),
            required,
            default: default.map(Into::into),
            ..ArgMetadata::default()
        };
        let metadata = Metadata {
            env_vars: EnvVars {
                args: vec![
                    named("A", Some(true), None),
                    named("B", Some(true), Some("b")),
                    named("C", None, None),
                    named("D", Some(true), None),
                ],
                ..EnvVars::default()
            },
            ..Metadata::default()
        };
        let given = BTreeMap::from([("D".to_owned(), String::new())]);

        let names: Vec<&str> = missing(&metadata, &given)
            .into_iter()
            .map(|arg| arg.name.as_str())
            .collect();

        assert_eq!(names, ["A"]);
    }
}
