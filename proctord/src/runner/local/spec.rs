//! What the worker is told about an execution: its command, its whole environment, its limits in time.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use proctor_worker::Spec;

use crate::runner::{Launch, LaunchError};

/// Where programs are looked for; nothing of proctord's own environment reaches a proc.
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The spec of a launch whose work folder is `work`.
pub(super) fn of(
    launch: &Launch<'_>,
    work: &Path,
    grace: Duration,
    retry_delay: Duration,
) -> Result<Spec, LaunchError> {
    let plan = &launch.execution.plan;
    let Some(command) = &plan.command else {
        return Err(LaunchError::Refused {
            reason: "needs a command".to_owned(),
        });
    };
    let deadline = plan
        .deadline_seconds
        .map(|seconds| Duration::from_secs(seconds.into()));
    Ok(Spec {
        argv: command.iter().map(OsString::from).collect(),
        env: environment(launch, work),
        cwd: None,
        deadline_ms: deadline.map(milliseconds),
        grace_ms: milliseconds(grace),
        retries: plan.retries,
        retry_delay_ms: milliseconds(retry_delay),
    })
}

fn environment(launch: &Launch<'_>, work: &Path) -> Vec<(String, String)> {
    let mut variables = vec![("PATH".to_owned(), SEARCH_PATH.to_owned())];
    if !launch.environment.contains_key("HOME") {
        variables.push(("HOME".to_owned(), work.to_string_lossy().into_owned()));
    }
    for (name, value) in &launch.environment {
        variables.push((name.clone(), value.expose().to_owned()));
    }
    variables
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
