//! Every request as it came in, for a test that must know all that the cluster was told. Nothing is kept unless a
//! test asks for it: with many Jobs it would be much.

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

/// A request as it came in, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRequest {
    /// As in the ledger: `create`, or the method of what is no resource.
    pub verb: String,
    /// As in the ledger: `jobs`, or the path of what is no resource.
    pub resource: String,
    /// Its first line, its headers and its body.
    pub text: String,
    /// By whose token, as [`Kubernetes::kubeconfig_of`](super::Kubernetes::kubeconfig_of) gave it.
    pub token: Option<String>,
    /// The status of the answer, once there is one.
    pub status: Option<u16>,
}

/// Where a request is in the record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line(usize);

#[derive(Debug, Default)]
pub(crate) struct Record(Option<Mutex<Vec<AskedRequest>>>);

impl Record {
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self(is_wanted.then(Mutex::default))
    }

    /// Enters a request; where it is then is told if it is kept.
    pub(crate) fn note(
        &self,
        verb: &str,
        resource: &str,
        request: &HttpRequest,
        body: &[u8],
    ) -> Option<Line> {
        let requests = self.0.as_ref()?;
        let body = String::from_utf8_lossy(body);
        let text = format!(
            "{} {}\n{:?}\n{body}",
            request.method(),
            request.uri(),
            request.headers()
        );
        let token = request.headers().get(AUTHORIZATION);
        let token = token.and_then(|header| header.to_str().ok()?.strip_prefix("Bearer "));
        let mut requests = locked(requests);
        requests.push(AskedRequest {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            text,
            token: token.map(ToOwned::to_owned),
            status: None,
        });
        Some(Line(requests.len() - 1))
    }

    /// Notes how a request was answered.
    pub(crate) fn answered(&self, line: Option<Line>, status: u16) {
        if let (Some(requests), Some(Line(index))) = (&self.0, line) {
            locked(requests)[index].status = Some(status);
        }
    }

    pub(crate) fn copy(&self) -> Vec<AskedRequest> {
        self.0
            .as_ref()
            .map(|requests| locked(requests).clone())
            .unwrap_or_default()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
