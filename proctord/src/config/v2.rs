//! What the Go system reads and this version does not use: known, so that one environment serves both.

use super::reader::Reader;

pub(super) const UNUSED: [&str; 9] = [
    "PROCTOR_DOCS_PATH",
    "PROCTOR_KUBE_LOG_PROCESS_WAIT_TIME",
    "PROCTOR_KUBE_POD_LIST_WAIT_TIME",
    "PROCTOR_KUBE_WAIT_FOR_RESOURCE_POLL_COUNT",
    "PROCTOR_LOGS_STREAM_READ_BUFFER_SIZE",
    "PROCTOR_LOGS_STREAM_WRITE_BUFFER_SIZE",
    "PROCTOR_NEW_RELIC_APP_NAME",
    "PROCTOR_NEW_RELIC_LICENCE_KEY",
    "PROCTOR_SCHEDULED_JOBS_FETCH_INTERVAL_IN_MINS",
];

/// Knows of all of them, and says once which are set.
pub(super) fn know(reader: &mut Reader) {
    let set: Vec<_> = UNUSED
        .into_iter()
        .filter(|name| reader.is_set(name))
        .collect();
    if !set.is_empty() {
        reader.warn(format!(
            "settings of version 2 that have no effect in this version: {}",
            set.join(", ")
        ));
    }
}
