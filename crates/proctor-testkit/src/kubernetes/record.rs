//! Every request as it came in, for a test that must know all that the cluster was told. Nothing is kept unless a
//! test asks for it: with many Jobs it would be much.

use std::sync::{Mutex, MutexGuard, PoisonError};

use actix_web::HttpRequest;

/// A request as it came in, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedRequest {
    /// As in the ledger: `create`, or the method of what is no resource.
    pub verb: String,
    /// As in the ledger: `jobs`, or the path of what is no resource.
    pub resource: String,
    /// Its first line, its headers and its body.
    pub text: String,
}

#[derive(Debug, Default)]
pub(crate) struct Record(Option<Mutex<Vec<AskedRequest>>>);

impl Record {
    pub(crate) fn new(is_wanted: bool) -> Self {
        Self(is_wanted.then(Mutex::default))
    }

    pub(crate) fn note(&self, verb: &str, resource: &str, request: &HttpRequest, body: &[u8]) {
        let Some(requests) = &self.0 else {
            return;
        };
        let body = String::from_utf8_lossy(body);
        let text = format!(
            "{} {}\n{:?}\n{body}",
            request.method(),
            request.uri(),
            request.headers()
        );
        locked(requests).push(AskedRequest {
            verb: verb.to_owned(),
            resource: resource.to_owned(),
            text,
        });
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
