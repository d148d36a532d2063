//! Secrets: version 2 has them in clear. They go into the catalog, which seals them, and are kept in mind to mask
//! the logs of the executions that were given them. No value is ever told, not even in what is said about a
//! malformed one.

use std::collections::BTreeSet;

use secrecy::SecretString;
use serde_json::{Map, Value};

use super::known::Known;
use super::redis::Redis;
use super::{ImportError, Options, Report, Target};
use crate::domain::environment;
use crate::domain::name::{ProcName, VariableName};

const ENDING: &str = "-secret";

/// Sets those whose names are free.
pub(super) async fn import(
    redis: &mut Redis,
    target: Option<&Target>,
    options: Options,
    report: &mut Report<'_>,
) -> Result<Known, ImportError> {
    let mut known = Known::default();
    for name in redis.names(ENDING).await? {
        let what = format!("the secrets of proc {}", name.escape_ascii());
        let text = redis.text(&name, ENDING).await?;
        let values = match text.as_deref().ok_or(()).and_then(read) {
            Ok(values) => values,
            Err(()) => {
                report.secrets.skipped += 1;
                report.skip(what, "they are no JSON object");
                continue;
            }
        };
        let texts = values.values().filter_map(Value::as_str);
        let texts = texts.map(SecretString::from).collect();
        known.keep(name.clone(), texts);
        let proc_name = std::str::from_utf8(&name).ok().map(str::parse::<ProcName>);
        let Some(Ok(proc_name)) = proc_name else {
            report.secrets.skipped += values.len() as u64;
            report.skip(what, "a proc cannot have this name");
            continue;
        };
        set_all(&proc_name, values, target, options, report).await?;
    }
    Ok(known)
}

fn read(text: &[u8]) -> Result<Map<String, Value>, ()> {
    // What serde says about a malformed text may quote it.
    let values: Option<Map<String, Value>> = serde_json::from_slice(text).map_err(|_| ())?;
    Ok(values.unwrap_or_default())
}

async fn set_all(
    proc_name: &ProcName,
    values: Map<String, Value>,
    target: Option<&Target>,
    options: Options,
    report: &mut Report<'_>,
) -> Result<(), ImportError> {
    let there = match target {
        Some(target) => target.catalog.secret_names(proc_name).await?,
        None => BTreeSet::new(),
    };
    for (name, value) in values {
        let (name, value) = match check(&name, value) {
            Ok(secret) => secret,
            Err(flaw) => {
                report.secrets.skipped += 1;
                report.skip(format!("secret {name:?} of proc {proc_name}"), flaw);
                continue;
            }
        };
        if there.contains(&name) {
            report.secrets.there += 1;
            continue;
        }
        if let Some(target) = target.filter(|_| !options.dry_run) {
            target.catalog.set_secret(proc_name, &name, value).await?;
        }
        report.secrets.imported += 1;
    }
    Ok(())
}

fn check(name: &str, value: Value) -> Result<(VariableName, SecretString), String> {
    let name: VariableName = name.parse().map_err(|error| format!("its name {error}"))?;
    let Value::String(value) = value else {
        return Err("its value is no text".to_owned());
    };
    match environment::secret_flaw(&value) {
        Some(flaw) => Err(format!("its value {flaw}")),
        None => Ok((name, value.into())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{check, read};

    #[test]
    fn what_is_said_about_a_secret_has_no_value_in_it() {
        for (name, value) in [
            ("PATH", json!("canary-value")),
            ("A", json!("canary-value\0")),
            ("A", json!(["canary-value"])),
            ("A", json!("canary-value".repeat(20_000))),
        ] {
            let flaw = check(name, value).unwrap_err();
            assert!(!flaw.contains("canary"), "{flaw}");
        }
        assert!(check("A", Value::from("canary-value")).is_ok());
    }

    #[test]
    fn null_is_no_secret_and_anything_but_an_object_is_malformed() {
        assert!(read(b"null").unwrap().is_empty());
        assert_eq!(read(br#"{"A":"1"}"#).unwrap().len(), 1);
        for text in ["", "[]", "{", "7", "\"A\""] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
