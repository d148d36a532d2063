//! Which plugins are told of what happens, and how long any plugin may take.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use super::authentication::PluginChoice;
use super::reader::Reader;

const BINARIES: &str = "PROCTOR_NOTIFICATION_PLUGIN_BINARY";
const NAMES: &str = "PROCTOR_NOTIFICATION_PLUGIN_EXPORTED";
const DEADLINE: &str = "PROCTOR_PLUGIN_DEADLINE";

/// Plugins beside that for authentication, and what holds for all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PluginsConfig {
    /// Those that are told of what happens.
    pub notifications: Vec<PluginChoice>,
    /// How long a call of a plugin may take.
    pub deadline: Duration,
}

impl PluginsConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let notifications = notifications(reader);
        let deadline = reader.duration(DEADLINE, Duration::from_secs(5));
        if deadline.is_zero() {
            let name = reader.name_of(DEADLINE);
            reader.mistake(format!("{name} must be more than nothing"));
        }
        Self {
            notifications,
            deadline,
        }
    }
}

/// The two lists belong together place by place, so nothing may be left out in the middle of one.
fn notifications(reader: &mut Reader) -> Vec<PluginChoice> {
    let (files, names) = (items(reader, BINARIES), items(reader, NAMES));
    if !names.is_empty() && names.len() != files.len() {
        let (at, other) = (reader.name_of(NAMES), reader.name_of(BINARIES));
        let (names, files) = (names.len(), files.len());
        reader.mistake(format!(
            "{at} has {names} names for the {files} libraries of {other}: give each one a name, or leave all of \
             them out"
        ));
        return Vec::new();
    }
    let mut names = names.into_iter();
    let choices: Vec<_> = files
        .into_iter()
        .map(|file| PluginChoice {
            file: PathBuf::from(file),
            name: names.next(),
        })
        .collect();
    refuse_namesakes(reader, &choices);
    choices
}

/// What waits for a plugin is kept under its name.
fn refuse_namesakes(reader: &mut Reader, choices: &[PluginChoice]) {
    let mut known = BTreeSet::new();
    for choice in choices {
        if !known.insert(choice.known_as()) {
            let at = reader.name_of(BINARIES);
            let name = choice.known_as();
            reader.mistake(format!(
                "{at} has two plugins that are called {name}: give them names that differ, by {NAMES} or by their files"
            ));
        }
    }
}

fn items(reader: &mut Reader, name: &'static str) -> Vec<String> {
    let wanted = "a list with commas, with nothing left out between them";
    reader.parse(name, Vec::new(), "", wanted, |text| {
        let items: Vec<_> = text.split(',').map(|item| item.trim().to_owned()).collect();
        items.iter().all(|item| !item.is_empty()).then_some(items)
    })
}
