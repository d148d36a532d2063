//! Whether those who ask must prove who they are, by which plugin, and what is granted to them.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;

const ENABLED: &str = "PROCTOR_AUTH_ENABLED";
const BINARY: &str = "PROCTOR_AUTH_PLUGIN_BINARY";
const ADMIN_GROUPS: &str = "PROCTOR_AUTH_REQUIRED_ADMIN_GROUP";
/// As version 2's README calls it; version 2 itself never read it.
const ADMIN_GROUPS_AS_TOLD: &str = "PROCTOR_REQUIRED_ADMIN_GROUP";
/// Version 2's.
const DEFAULT_ADMIN_GROUP: &str = "proctor.admin";
const CACHE: &str = "PROCTOR_AUTH_CACHE_LIFETIME";
/// For as long a token still opens doors that was taken away.
const LONGEST_CACHE: Duration = Duration::from_mins(5);

/// How those who ask are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticationConfig {
    /// What says who somebody is; absent, everybody is let in as who they say they are.
    pub plugin: Option<PluginChoice>,
    /// ALL of them make an admin; there is at least one.
    pub admin_groups: Vec<String>,
    /// How long credentials that were found right are taken for right.
    pub cache: Duration,
    /// How many requests a user may make in a minute; absent, any number.
    pub rate_limit: Option<NonZeroU32>,
}

/// A library, and which of its plugins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginChoice {
    pub file: PathBuf,
    /// Without a name the only one of its kind.
    pub name: Option<String>,
}

impl PluginChoice {
    /// What deliveries call it: its name, or without one that of its library.
    #[must_use]
    pub fn known_as(&self) -> String {
        if let Some(name) = &self.name {
            return name.clone();
        }
        let stem = self.file.file_stem().unwrap_or(self.file.as_os_str());
        let stem = stem.to_string_lossy();
        stem.strip_prefix("lib").unwrap_or(&stem).to_owned()
    }
}

impl AuthenticationConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let plugin = plugin(reader);
        let admin_groups = admin_groups(reader);
        let cache = reader.duration(CACHE, Duration::from_secs(30));
        if cache > LONGEST_CACHE {
            let name = reader.name_of(CACHE);
            reader.mistake(format!(
                "{name} must be at most 5m: a token that is taken away is taken for right so long"
            ));
        }
        let rate_limit = NonZeroU32::new(reader.number("PROCTOR_RATE_LIMIT", 0));
        if rate_limit.is_some() && plugin.is_none() {
            let name = reader.name_of("PROCTOR_RATE_LIMIT");
            reader.warn(format!(
                "{name} has no effect while authentication is off: nobody is told apart"
            ));
        }
        Self {
            plugin,
            admin_groups,
            cache,
            rate_limit,
        }
    }

    /// Whether those who ask must prove who they are.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.plugin.is_some()
    }
}

fn plugin(reader: &mut Reader) -> Option<PluginChoice> {
    let enabled = reader.flag(ENABLED);
    let file = reader.path(BINARY);
    let name = reader.parse(
        "PROCTOR_AUTH_PLUGIN_EXPORTED",
        None,
        "Auth",
        "a name",
        |text| Some(Some(text.to_owned())),
    );
    if !enabled {
        return None;
    }
    let Some(file) = file else {
        let enabled = reader.name_of(ENABLED);
        reader.mistake(format!(
            "{enabled} needs a plugin that says who somebody is: set {BINARY} to its library"
        ));
        // Whoever goes on with a mistake must not find a door open.
        return Some(PluginChoice {
            file: PathBuf::new(),
            name,
        });
    };
    Some(PluginChoice { file, name })
}

fn admin_groups(reader: &mut Reader) -> Vec<String> {
    let as_told = reader.list(ADMIN_GROUPS_AS_TOLD);
    let is_told = !as_told.is_empty();
    let default = if is_told {
        as_told
    } else {
        vec![DEFAULT_ADMIN_GROUP.to_owned()]
    };
    let is_set = reader.is_set(ADMIN_GROUPS);
    if is_told && is_set {
        reader.warn(format!("{ADMIN_GROUPS} stands, not {ADMIN_GROUPS_AS_TOLD}"));
    }
    let shown = default.join(",");
    // With no group at all everybody would be an admin.
    let wanted = "groups separated by commas";
    reader.parse(ADMIN_GROUPS, default, &shown, wanted, |text| {
        let groups: Vec<_> = text
            .split(',')
            .map(|group| group.trim().to_owned())
            .collect();
        groups
            .iter()
            .all(|group| !group.is_empty())
            .then_some(groups)
    })
}
