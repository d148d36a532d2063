//! Which of a library's plugins is meant.

use proctor_plugin::{Entry, Kind, Manifest};

use super::contents::word;

/// The plugin of this kind and name; without a name, or by version 2's default name, the only one of its kind.
pub(super) fn choose<'a>(
    manifest: &'a Manifest,
    kind: Kind,
    name: Option<&str>,
) -> Result<&'a Entry, String> {
    let of_kind: Vec<_> = manifest
        .plugins
        .iter()
        .filter(|one| one.kind == kind)
        .collect();
    if let Some(name) = name
        && let Some(entry) = of_kind.iter().find(|entry| entry.name == name)
    {
        return Ok(entry);
    }
    let is_default = name.is_none_or(|name| name == V2_DEFAULT);
    match of_kind[..] {
        [only] if is_default => Ok(only),
        _ => Err(nothing_fits(manifest, kind, name)),
    }
}

/// What version 2 calls the plugin where nothing is configured.
const V2_DEFAULT: &str = "Auth";

fn nothing_fits(manifest: &Manifest, kind: Kind, name: Option<&str>) -> String {
    let wanted = match name {
        Some(name) => format!("no plugin {name} of the kind {}", word(kind)),
        None => format!("not exactly one plugin of the kind {}", word(kind)),
    };
    let there: Vec<_> = manifest
        .plugins
        .iter()
        .map(|entry| format!("{} ({})", entry.name, word(entry.kind)))
        .collect();
    match there[..] {
        [] => format!("there is {wanted} in it, nor any other"),
        _ => format!("there is {wanted} in it; there is {}", there.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Entry, Kind, Manifest, choose};

    fn manifest(plugins: &[(&str, Kind)]) -> Manifest {
        let entry = |(name, kind): &(&str, Kind)| Entry {
            name: (*name).to_owned(),
            kind: *kind,
            methods: Vec::new(),
        };
        Manifest {
            name: "library".to_owned(),
            version: "1".to_owned(),
            plugins: plugins.iter().map(entry).collect(),
        }
    }

    #[test]
    fn a_plugin_is_chosen_by_kind_and_name() {
        let one = manifest(&[("GateAuth", Kind::Auth), ("News", Kind::Notification)]);
        let two = manifest(&[("A", Kind::Auth), ("B", Kind::Auth)]);
        let name = |manifest: &Manifest, kind, name| {
            choose(manifest, kind, name).map(|entry| entry.name.clone())
        };

        assert_eq!(name(&one, Kind::Auth, None).unwrap(), "GateAuth");
        assert_eq!(name(&one, Kind::Auth, Some("Auth")).unwrap(), "GateAuth");
        assert_eq!(
            name(&one, Kind::Auth, Some("GateAuth")).unwrap(),
            "GateAuth"
        );
        assert_eq!(
            name(&one, Kind::Notification, Some("News")).unwrap(),
            "News"
        );
        assert_eq!(name(&two, Kind::Auth, Some("B")).unwrap(), "B");
        assert_eq!(
            name(&one, Kind::Auth, Some("News")).unwrap_err(),
            "there is no plugin News of the kind auth in it; there is GateAuth (auth), News (notification)"
        );
        assert_eq!(
            name(&two, Kind::Auth, None).unwrap_err(),
            "there is not exactly one plugin of the kind auth in it; there is A (auth), B (auth)"
        );
        assert_eq!(
            name(&manifest(&[]), Kind::Auth, Some("X")).unwrap_err(),
            "there is no plugin X of the kind auth in it, nor any other"
        );
    }
}
