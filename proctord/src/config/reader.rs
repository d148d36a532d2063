//! Reads settings one by one and notes what is wrong with them instead of stopping at the first, and what each
//! of them is and where it came from, secrets left out.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use secrecy::SecretString;

use super::layers::{Found, Layers, Origin};
use super::{Examined, PREFIX, Setting};

/// What is shown in the place of a secret.
pub(super) const HIDDEN: &str = "<hidden>";
const MINUTE: Duration = Duration::from_secs(60);
const UNITS: [(&str, u32); 3] = [("GiB", 30), ("MiB", 20), ("KiB", 10)];

/// The layers, and what was found out about them so far.
pub(super) struct Reader {
    layers: Layers,
    known: BTreeSet<&'static str>,
    settings: Vec<Setting>,
    mistakes: Vec<String>,
    warnings: Vec<String>,
}

impl Reader {
    pub(super) fn new(layers: Layers) -> Self {
        Self {
            mistakes: layers.mistakes().to_vec(),
            layers,
            known: BTreeSet::new(),
            settings: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// A name that somebody else reads.
    pub(super) fn know_of(&mut self, name: &'static str) {
        self.known.insert(name);
    }

    /// Whether a name is set that somebody else reads.
    pub(super) fn is_set(&mut self, name: &'static str) -> bool {
        self.know_of(name);
        self.layers.find(name).is_some()
    }

    pub(super) fn mistake(&mut self, mistake: impl Into<String>) {
        self.mistakes.push(mistake.into());
    }

    /// Notes that something is not there, unless it is wrong rather than missing: then that has been told.
    pub(super) fn miss(&mut self, names: &[&str], mistake: &str) {
        let is_set = |setting: &Setting| {
            setting.origin != Origin::Default
                && names.iter().any(|name| setting.name.starts_with(name))
        };
        let told = |mistake: &String| names.iter().any(|name| mistake.contains(name));
        if !self.settings.iter().any(is_set) || !self.mistakes.iter().any(told) {
            self.mistake(mistake);
        }
    }

    pub(super) fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// A text, whatever it says.
    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        self.find(name, "")
            .map(|found| found.text.trim().to_owned())
    }

    /// A path.
    pub(super) fn path(&mut self, name: &'static str) -> Option<PathBuf> {
        self.text(name).map(PathBuf::from)
    }

    /// A text that is never shown.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<SecretString> {
        let found = self.find(name, "")?;
        self.show(name, HIDDEN);
        Some(found.text.into())
    }

    /// Shows a setting otherwise than it was written.
    pub(super) fn show(&mut self, name: &'static str, text: &str) {
        let shown = self
            .settings
            .iter_mut()
            .filter(|setting| setting.name == name);
        shown.for_each(|setting| text.clone_into(&mut setting.value));
    }

    /// A port. A Kubernetes service link of the same name is no port of ours.
    pub(super) fn port(&mut self, name: &'static str, default: u16) -> u16 {
        let found = self.layers.find(name);
        if found.is_some_and(|found| found.text.starts_with("tcp://")) {
            self.known.insert(name);
            self.note(name, &default.to_string(), Origin::Default);
            self.warn(format!(
                "{name} looks like a Kubernetes service link and counts as unset"
            ));
            return default;
        }
        let shown = default.to_string();
        self.parse(name, default, &shown, "a port from 0 to 65535", |text| {
            text.parse().ok()
        })
    }

    /// A list with commas; blanks around its items and empty items do not count.
    pub(super) fn list(&mut self, name: &'static str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(ToOwned::to_owned)
            .collect()
    }

    /// A duration such as `500ms`, `10s` or `24h`; a bare number is seconds.
    pub(super) fn duration(&mut self, name: &'static str, default: Duration) -> Duration {
        self.duration_in(name, Duration::from_secs(1), default)
    }

    /// As `duration`, but a bare number is minutes.
    pub(super) fn minutes(&mut self, name: &'static str, default: Duration) -> Duration {
        self.duration_in(name, MINUTE, default)
    }

    fn duration_in(&mut self, name: &'static str, unit: Duration, default: Duration) -> Duration {
        let wanted = "a duration such as 500ms, 10s or 24h";
        self.parse(name, default, &duration_text(default), wanted, |text| {
            let bare = text.parse::<u32>().ok();
            let bare = bare.and_then(|number| unit.checked_mul(number));
            bare.or_else(|| text.parse::<SignedDuration>().ok()?.try_into().ok())
        })
    }

    /// A number of bytes such as `512KiB`, `64MiB` or `1GiB`; a bare number is bytes.
    pub(super) fn size(&mut self, name: &'static str, default: u64) -> u64 {
        let wanted = "a size such as 512KiB, 64MiB or 1GiB";
        self.parse(name, default, &size_text(default), wanted, |text| {
            let with_unit = UNITS
                .iter()
                .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)));
            let (number, shift) = with_unit.unwrap_or((text, 0));
            number.trim().parse::<u64>().ok()?.checked_mul(1 << shift)
        })
    }

    /// How many of something, at least one.
    pub(super) fn count(&mut self, name: &'static str, default: NonZeroU32) -> NonZeroU32 {
        let shown = default.to_string();
        self.parse(name, default, &shown, "a number above 0", |text| {
            text.parse().ok()
        })
    }

    /// As `count`, but 0 stands for the default, as in the Go system.
    pub(super) fn count_or_zero(&mut self, name: &'static str, default: NonZeroU32) -> NonZeroU32 {
        let shown = default.to_string();
        self.parse(name, default, &shown, "a number", |text| {
            let number: u32 = text.parse().ok()?;
            Some(NonZeroU32::new(number).unwrap_or(default))
        })
    }

    /// A number.
    pub(super) fn number(&mut self, name: &'static str, default: u32) -> u32 {
        let shown = default.to_string();
        self.parse(name, default, &shown, "a number", |text| text.parse().ok())
    }

    /// Yes or no, in the ways of the Go system.
    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        self.parse(name, false, "false", "true or false", |text| {
            match text.to_lowercase().as_str() {
                "true" | "t" | "1" => Some(true),
                "false" | "f" | "0" => Some(false),
                _ => None,
            }
        })
    }

    /// Anything else that can be parsed; `shown` is the default in words.
    pub(super) fn parse<T>(
        &mut self,
        name: &'static str,
        default: T,
        shown: &str,
        wanted: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        let Some(found) = self.find(name, shown) else {
            return default;
        };
        parse(found.text.trim()).unwrap_or_else(|| {
            let text = &found.text;
            self.mistake(format!(
                "{} must be {wanted}, not {text:?}",
                told(name, &found.origin)
            ));
            default
        })
    }

    /// How a mistake calls a setting: by the name that its author wrote, with its place.
    pub(super) fn name_of(&self, name: &'static str) -> String {
        match self.layers.find(name) {
            Some(found) => told(name, &found.origin),
            None => name.to_owned(),
        }
    }

    /// The names that have been read so far.
    #[cfg(test)]
    pub(super) fn read_names(&self) -> impl Iterator<Item = &'static str> {
        self.settings.iter().map(|setting| setting.name)
    }

    /// Everything that was found out.
    pub(super) fn close<T>(mut self, config: T) -> Examined<T> {
        let known = std::mem::take(&mut self.known);
        let unknown = self.layers.unknown(PREFIX, |name| known.contains(name));
        if !unknown.is_empty() {
            self.warn(format!(
                "unknown settings, which nothing reads: {}",
                unknown.join(", ")
            ));
        }
        Examined {
            config,
            file: self.layers.file().map(ToOwned::to_owned),
            settings: self.settings,
            mistakes: self.mistakes,
            warnings: self.warnings,
        }
    }

    /// What a layer says, noted together with what is in force otherwise.
    fn find(&mut self, name: &'static str, default: &str) -> Option<Found> {
        self.known.insert(name);
        let found = self.layers.find(name);
        match &found {
            Some(found) => self.note(name, found.text.trim(), found.origin.clone()),
            None => self.note(name, default, Origin::Default),
        }
        found
    }

    fn note(&mut self, name: &'static str, value: &str, origin: Origin) {
        self.settings.push(Setting {
            name,
            value: value.to_owned(),
            origin,
        });
    }
}

fn told(name: &str, origin: &Origin) -> String {
    match origin {
        Origin::File { .. } => format!("{origin} ({name})"),
        Origin::Default | Origin::Environment => name.to_owned(),
    }
}

fn duration_text(duration: Duration) -> String {
    match SignedDuration::try_from(duration) {
        Ok(duration) if !duration.is_zero() => format!("{duration:#}"),
        _ => "0".to_owned(),
    }
}

fn size_text(bytes: u64) -> String {
    let unit = UNITS
        .iter()
        .find(|(_, shift)| bytes != 0 && bytes.is_multiple_of(1 << shift));
    match unit {
        Some((unit, shift)) => format!("{}{unit}", bytes >> shift),
        None => bytes.to_string(),
    }
}
