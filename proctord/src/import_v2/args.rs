//! Args as version 2 keeps them: base64 of a JSON object of texts.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::args::Args;

/// The args, and in words what of them has no place here.
pub(super) fn read(stored: Option<&str>) -> (Args, Option<String>) {
    let Some(stored) = stored.filter(|stored| !stored.is_empty()) else {
        return (Args::new(), None);
    };
    let Ok(json) = STANDARD.decode(stored) else {
        return (Args::new(), Some("its args are no base64".to_owned()));
    };
    let Ok(given) = serde_json::from_slice::<Option<BTreeMap<String, String>>>(&json) else {
        let flaw = "its args are no JSON object of texts";
        return (Args::new(), Some(flaw.to_owned()));
    };
    let mut args = Args::new();
    let mut others = BTreeMap::new();
    for (name, value) in given.unwrap_or_default() {
        match name.parse() {
            Ok(name) => drop(args.insert(name, value)),
            Err(_) => drop(others.insert(name, value)),
        }
    }
    let flaw = (!others.is_empty()).then(|| {
        // Names and values are texts, which JSON has for all of them.
        let others = serde_json::to_string(&others).unwrap_or_default();
        format!("args cannot have these names: {others}")
    });
    (args, flaw)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::read;

    fn stored(json: &str) -> (usize, String) {
        let (args, flaw) = read(Some(&STANDARD.encode(json)));
        (args.len(), flaw.unwrap_or_default())
    }

    #[test]
    fn what_version_2_wrote_is_read() {
        assert_eq!(stored(r#"{"A":"1","b":"ü"}"#), (2, String::new()));
        for none in [None, Some(""), Some("bnVsbA=="), Some("e30=")] {
            let (args, flaw) = read(none);
            assert!(args.is_empty() && flaw.is_none(), "{none:?}");
        }
    }

    #[test]
    fn what_cannot_be_kept_is_told() {
        assert_eq!(
            read(Some("%%")).1.as_deref(),
            Some("its args are no base64")
        );
        for json in ["", "[]", r#"{"A":1}"#, "{"] {
            let told = stored(json).1;
            assert!(
                told.is_empty() == json.is_empty() || told.contains("no JSON"),
                "{json}: {told}"
            );
        }
        let (kept, told) = stored(r#"{"A":"1","PATH":"/x","a b":"2"}"#);
        assert_eq!(kept, 1);
        assert_eq!(
            told,
            r#"args cannot have these names: {"PATH":"/x","a b":"2"}"#
        );
    }
}
