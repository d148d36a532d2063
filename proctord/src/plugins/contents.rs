//! What is in a library, and whether it can be as it says: every plugin has a name of its own and the method that it
//! is for.

use proctor_plugin::{Entry, Kind, Manifest};
use serde::{Deserialize, Serialize};

/// What is in a library, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contents {
    pub manifest: Manifest,
    /// The version of the interface that it was made for.
    pub interface: (u16, u16),
}

/// What a plugin must be able to do to be of any use.
fn needed(kind: Kind) -> &'static str {
    match kind {
        Kind::Auth => "authenticate",
        Kind::Notification => "notify",
    }
}

/// How a kind is written, in a manifest and on the command line.
#[must_use]
pub fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Auth => "auth",
        Kind::Notification => "notification",
    }
}

/// Why it cannot be, if so.
pub(super) fn checked(manifest: Manifest) -> Result<Manifest, String> {
    if manifest.plugins.is_empty() {
        return Err("its manifest lists no plugin".to_owned());
    }
    for (place, entry) in manifest.plugins.iter().enumerate() {
        check(entry)?;
        let before = &manifest.plugins[..place];
        if before.iter().any(|other| other.name == entry.name) {
            return Err(format!("its manifest lists {} twice", entry.name));
        }
    }
    Ok(manifest)
}

fn check(entry: &Entry) -> Result<(), String> {
    let name = &entry.name;
    if name.is_empty() || name.trim() != name || name.contains([',', '\n']) {
        return Err(format!(
            "its manifest lists a plugin {name:?}, which is no name that could be configured"
        ));
    }
    let needed = needed(entry.kind);
    if !entry.methods.iter().any(|method| method == needed) {
        let kind = word(entry.kind);
        return Err(format!(
            "its plugin {name} is of the kind {kind} and has no method {needed}"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::checked;

    fn flaw(plugins: serde_json::Value) -> String {
        let manifest = json!({"name": "library", "version": "1", "plugins": plugins});
        checked(serde_json::from_value(manifest).unwrap()).unwrap_err()
    }

    #[test]
    fn a_manifest_that_cannot_be_is_refused_with_its_flaw() {
        let gate = json!({"name": "Gate", "kind": "auth", "methods": ["authenticate"]});
        let news = json!({"name": "News", "kind": "notification", "methods": ["authenticate"]});
        let nobody = json!({"name": " ", "kind": "auth", "methods": ["authenticate"]});

        assert_eq!(flaw(json!([])), "its manifest lists no plugin");
        assert_eq!(flaw(json!([gate, gate])), "its manifest lists Gate twice");
        assert_eq!(
            flaw(json!([gate, news])),
            "its plugin News is of the kind notification and has no method notify"
        );
        assert!(flaw(json!([nobody])).contains("no name that could be configured"));
    }
}
