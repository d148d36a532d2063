//! Reads variables one by one and notes what is wrong with them instead of stopping at the first.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::SignedDuration;
use tracing_subscriber::EnvFilter;

use crate::domain::version::Version;

const PREFIX: &str = "PROCTOR_";

/// The variables, and what was found out about them so far.
pub(super) struct Reader {
    variables: BTreeMap<String, String>,
    known: BTreeSet<&'static str>,
    mistakes: Vec<String>,
    warnings: Vec<String>,
}

impl Reader {
    pub(super) fn new(variables: BTreeMap<String, String>) -> Self {
        Self {
            variables,
            known: BTreeSet::new(),
            mistakes: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// A name that somebody else reads.
    pub(super) fn know_of(&mut self, name: &'static str) {
        self.known.insert(name);
    }

    /// A port. A Kubernetes service link of the same name is no port of ours.
    pub(super) fn port(&mut self, name: &'static str, default: u16) -> u16 {
        if self
            .text(name)
            .is_some_and(|text| text.starts_with("tcp://"))
        {
            self.warnings.push(format!(
                "{name} looks like a Kubernetes service link and counts as unset"
            ));
            return default;
        }
        self.parse(name, default, "a port from 0 to 65535", |text| {
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
        self.parse(
            name,
            default,
            "a duration such as 500ms, 10s or 24h",
            |text| {
                let seconds = text.parse().ok().map(Duration::from_secs);
                seconds.or_else(|| text.parse::<SignedDuration>().ok()?.try_into().ok())
            },
        )
    }

    /// A number of bytes such as `512KiB`, `64MiB` or `1GiB`; a bare number is bytes.
    pub(super) fn size(&mut self, name: &'static str, default: u64) -> u64 {
        self.parse(
            name,
            default,
            "a size such as 512KiB, 64MiB or 1GiB",
            |text| {
                let units = [("KiB", 10), ("MiB", 20), ("GiB", 30)];
                let with_unit = units
                    .iter()
                    .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)));
                let (number, shift) = with_unit.unwrap_or((text, 0));
                number.trim().parse::<u64>().ok()?.checked_mul(1 << shift)
            },
        )
    }

    /// A version, or none.
    pub(super) fn version(&mut self, name: &'static str) -> Option<Version> {
        self.parse(name, None, "a version such as 2.0.8", |text| {
            text.parse().ok().map(Some)
        })
    }

    /// How many of something, at least one.
    pub(super) fn count(&mut self, name: &'static str, default: NonZeroU32) -> NonZeroU32 {
        self.parse(name, default, "a number above 0", |text| text.parse().ok())
    }

    /// A log level or directives.
    pub(super) fn level(&mut self, name: &'static str, default: &str) -> String {
        let wanted =
            "trace, debug, info, warn, error or directives such as info,proctord::http=debug";
        self.parse(name, default.to_owned(), wanted, |text| {
            let text = text.to_lowercase();
            let plain = ["trace", "debug", "info", "warn", "error"].contains(&text.as_str());
            let directives = text.contains('=') && EnvFilter::try_new(&text).is_ok();
            (plain || directives).then_some(text)
        })
    }

    /// The names that have been read or announced so far.
    #[cfg(test)]
    pub(super) fn known(&self) -> impl Iterator<Item = &'static str> {
        self.known.iter().copied()
    }

    /// Mistakes and warnings.
    pub(super) fn close(mut self) -> (Vec<String>, Vec<String>) {
        let unknown: Vec<_> = self
            .variables
            .keys()
            .filter(|name| name.starts_with(PREFIX) && !self.known.contains(name.as_str()))
            .cloned()
            .collect();
        if !unknown.is_empty() {
            self.warnings.push(format!(
                "unknown variables, which nothing reads: {}",
                unknown.join(", ")
            ));
        }
        (self.mistakes, self.warnings)
    }

    /// The variable's text; an empty one counts as unset, as in the Go system.
    fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.insert(name);
        self.variables
            .get(name)
            .filter(|text| !text.is_empty())
            .cloned()
    }

    fn parse<T>(
        &mut self,
        name: &'static str,
        default: T,
        wanted: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        let Some(text) = self.text(name) else {
            return default;
        };
        parse(text.trim()).unwrap_or_else(|| {
            self.mistakes
                .push(format!("{name} must be {wanted}, not {text:?}"));
            default
        })
    }
}
