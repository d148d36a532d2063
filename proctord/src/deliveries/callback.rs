//! Callbacks: a POST to the URL that came with an execution. A URL is somebody's wish, so it must not lead to where
//! only the service can go: hosts are those of the allow-list, names are looked up here and their addresses judged, and
//! the connection goes to an address that was judged. Redirects and proxies are not followed.

mod resolver;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, USER_AGENT};
use reqwest::{Client, Response, redirect};
use serde_json::Value;

use super::error::DeliveryError;
use super::log_end;
use crate::domain::callback::AllowedHosts;
use crate::store::{Claimed, Store};
use resolver::Judging;

/// The header that has the id of the delivery, which stays the same however often it comes.
pub const ID_HEADER: &str = "Proctor-Delivery";

const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(15);
/// How much of an answer is read, and how much of it is told.
const ANSWER_BYTES: usize = 4096;
const TOLD_LETTERS: usize = 300;

/// Sends callbacks.
pub struct Callbacks {
    allowed: Arc<AllowedHosts>,
    client: Client,
}

impl Callbacks {
    /// To these hosts alone.
    ///
    /// # Errors
    /// TLS cannot be set up.
    pub fn to(allowed: Arc<AllowedHosts>) -> Result<Self, reqwest::Error> {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_PATIENCE)
            .timeout(PATIENCE)
            .dns_resolver(Judging::by(Arc::clone(&allowed)))
            .build()?;
        Ok(Self { allowed, client })
    }

    pub(super) async fn carry(
        &self,
        store: &dyn Store,
        claimed: &Claimed,
    ) -> Result<(), DeliveryError> {
        let url = self.allowed.admit(&claimed.target)?;
        let body = body(store, claimed).await?;
        let request = self
            .client
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, concat!("proctord/", env!("CARGO_PKG_VERSION")))
            .header(ID_HEADER, &claimed.id)
            .body(body);
        // What is kept of a failure must not have the URL in it: its query may be a secret.
        let unreachable = |error: reqwest::Error| DeliveryError::Unreachable(error.without_url());
        let answer = request.send().await.map_err(unreachable)?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(DeliveryError::Answered {
            status: answer.status().as_u16(),
            text: beginning(answer).await,
        })
    }
}

/// The execution as it ended: version 1's `name` and `status`, and all the rest beside them.
async fn body(store: &dyn Store, claimed: &Claimed) -> Result<Bytes, DeliveryError> {
    let mut value: Value = serde_json::from_str(&claimed.payload)?;
    if let (Some(id), Some(fields)) = (claimed.execution, value.as_object_mut()) {
        let is_complete = log_end::is_complete(store, id).await?;
        fields.insert("log_complete".to_owned(), is_complete.into());
    }
    Ok(serde_json::to_vec(&value)?.into())
}

/// The beginning of an answer, on one line.
async fn beginning(mut answer: Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < ANSWER_BYTES {
        match answer.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            // An answer that breaks off is told as far as it came.
            Ok(None) | Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&bytes);
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).take(TOLD_LETTERS).collect()
}
