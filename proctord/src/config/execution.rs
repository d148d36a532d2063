//! How executions are handled, and by which runner.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use super::reader::Reader;
use crate::domain::execution::RunnerKind;

/// How executions are handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExecutionConfig {
    /// What carries them out.
    pub runner: RunnerKind,
    /// Where the local runner keeps its folders; absent, in the user's own data.
    pub data_dir: Option<PathBuf>,
    /// How many run at once, of all procs together; absent, any number.
    pub max_concurrent: Option<NonZeroU32>,
    /// How long the answer to a new execution waits for its launch.
    pub launch_wait: Duration,
    /// Between TERM and KILL, unless a stop says otherwise.
    pub stop_grace: Duration,
    /// For how long others leave alone what this replica acts for after its last word.
    pub lease: Duration,
    /// For how long a host of the local runner may be silent before what it runs is told to be lost.
    pub host_patience: Duration,
    /// What this restore is called, if executions are to be held since it.
    pub hold: Option<String>,
    /// How long the local runner keeps what is left of an execution whose log is stored.
    pub keep: Duration,
}

impl ExecutionConfig {
    pub(super) fn read(reader: &mut Reader) -> Self {
        let lease = lease(reader);
        Self {
            runner: runner(reader),
            data_dir: reader.path("PROCTOR_DATA_DIR"),
            max_concurrent: NonZeroU32::new(reader.number("PROCTOR_MAX_CONCURRENT", 0)),
            launch_wait: reader.duration("PROCTOR_LAUNCH_WAIT", Duration::from_secs(1)),
            stop_grace: reader.duration("PROCTOR_STOP_GRACE", Duration::from_secs(10)),
            lease,
            host_patience: host_patience(reader, lease),
            hold: hold(reader),
            keep: reader.duration("PROCTOR_LOCAL_JOB_KEEP", Duration::from_hours(7 * 24)),
        }
    }

    /// Notes a runner that is not there yet.
    pub(super) fn require_runner(&self, reader: &mut Reader) {
        if self.runner == RunnerKind::Agent {
            let name = reader.name_of("PROCTOR_RUNNER");
            reader.mistake(format!(
                "{name}: the runner {} is not in this version; set it to kubernetes or local",
                self.runner
            ));
        }
    }
}

/// A replica says three times in each lease that it lives; less than this could not tell it from a slow one.
const SHORTEST_LEASE: Duration = Duration::from_millis(300);

fn lease(reader: &mut Reader) -> Duration {
    const NAME: &str = "PROCTOR_LEASE_LIFETIME";
    let lease = reader.duration(NAME, Duration::from_secs(10));
    if lease < SHORTEST_LEASE {
        let name = reader.name_of(NAME);
        reader.mistake(format!("{name} must be at least 300ms"));
    }
    lease
}

/// Who has only not renewed its lease yet is not silent.
fn host_patience(reader: &mut Reader, lease: Duration) -> Duration {
    const NAME: &str = "PROCTOR_LOCAL_HOST_PATIENCE";
    let patience = reader.duration(NAME, Duration::from_hours(24));
    if patience < lease {
        let name = reader.name_of(NAME);
        let lease = reader.name_of("PROCTOR_LEASE_LIFETIME");
        reader.mistake(format!("{name} must not be shorter than {lease}"));
    }
    patience
}

/// The most characters of the word that names a restore.
const WORD_LIMIT: usize = 64;

fn hold(reader: &mut Reader) -> Option<String> {
    let wanted =
        "true, false, or another word for each restore: letters, digits and `.`, `-`, `_`, `:`";
    reader.parse("PROCTOR_HOLD", None, "false", wanted, |text| {
        let fits = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        let is_word = text.len() <= WORD_LIMIT && text.chars().all(fits);
        match text {
            "false" => Some(None),
            word => is_word.then(|| Some(word.to_owned())),
        }
    })
}

const DEFAULT_RUNNER: RunnerKind = RunnerKind::Kubernetes;

fn runner(reader: &mut Reader) -> RunnerKind {
    let wanted = "kubernetes, local or agent";
    reader.parse(
        "PROCTOR_RUNNER",
        DEFAULT_RUNNER,
        DEFAULT_RUNNER.as_str(),
        wanted,
        |text| text.parse().ok(),
    )
}
