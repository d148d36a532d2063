//! When a request is sent again. Only for requests that carry a key by which the service tells repeats.

use std::time::Duration;

use crate::client::error::ClientError;

/// Waits between the tries; one try more than waits.
const WAITS: [Duration; 2] = [Duration::from_millis(250), Duration::from_millis(1000)];

/// Tries until the answer is more than a failure to get through, three times at most.
pub async fn bounded<T>(
    mut attempt: impl AsyncFnMut() -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    for wait in WAITS {
        match attempt().await {
            Err(error) if error.may_pass() => tokio::time::sleep(wait).await,
            answer => return answer,
        }
    }
    attempt().await
}
