//! Changes single keys in the text of a config file and leaves everything else in it as it was written, comments
//! too. Pure; reading and writing are `file`'s.

use std::collections::BTreeMap;

use crate::config::file::Change;

/// The text with the changes made: a line for each key that has a value, none for one that has none.
pub fn changed(text: &str, changes: &[Change]) -> String {
    let mut open: BTreeMap<&str, &str> = changes
        .iter()
        .filter_map(|(key, value)| Some((*key, value.as_deref()?)))
        .collect();
    let mut lines = Vec::new();
    for line in text.lines() {
        let changed = changes.iter().find(|(key, _)| is_of(line, key));
        match changed {
            None => lines.push(line.to_owned()),
            Some((key, _)) => {
                let entry = |value| entry(key, value) + comment(line);
                lines.extend(open.remove(key).map(entry));
            }
        }
    }
    // Those that had no line yet, in the order in which they were asked for.
    for (key, _) in changes {
        lines.extend(open.remove(key).map(|value| entry(key, value)));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Whether a line of the outermost map is that of a key.
fn is_of(line: &str, key: &str) -> bool {
    let quoted = |quote: char| {
        let rest = line.strip_prefix(quote)?.strip_prefix(key)?;
        rest.strip_prefix(quote)
    };
    let rest = line
        .strip_prefix(key)
        .or_else(|| quoted('"'))
        .or_else(|| quoted('\''));
    rest.is_some_and(|rest| rest.trim_start().starts_with(':'))
}

/// What stands behind the value of a line, if it is plain which part that is.
fn comment(line: &str) -> &str {
    let value = line.split_once(':').map_or("", |(_, value)| value);
    match value.find(" #") {
        Some(begin) if !value.contains(['"', '\'']) => &value[begin..],
        _ => "",
    }
}

fn entry(key: &str, value: &str) -> String {
    let map = BTreeMap::from([(key, value)]);
    let text = serde_yaml::to_string(&map).expect("a map of strings is YAML");
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::changed;

    #[test]
    fn only_what_is_changed_changes() {
        let text = "# mine\nPROCTOR_HOST: old # of the team\n\nCONNECTION_TIMEOUT_SECS: 3\n'ACCESS_TOKEN' : x # mine\n";
        let token = Some("a: #b".to_owned());

        let set = changed(
            text,
            &[
                ("ACCESS_TOKEN", token),
                ("EMAIL_ID", Some("a@b".to_owned())),
            ],
        );
        let removed = changed(text, &[("ACCESS_TOKEN", None)]);

        let kept = "# mine\nPROCTOR_HOST: old # of the team\n\nCONNECTION_TIMEOUT_SECS: 3\n";
        assert_eq!(
            set,
            format!("{kept}ACCESS_TOKEN: 'a: #b' # mine\nEMAIL_ID: a@b\n")
        );
        assert_eq!(removed, kept);
    }
}
