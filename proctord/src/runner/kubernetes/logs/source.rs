//! The request for one Pod's log, and what its answers mean.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use futures::{AsyncBufReadExt, Stream, TryStreamExt, stream};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::Resource;
use kube::api::LogParams;
use kube::core::Request;
use thiserror::Error;

use crate::runner::kubernetes::client::ClusterError;

/// Gives a client for streams: anew for each one, since logins end.
pub type Streams = Arc<dyn Fn() -> Login + Send + Sync>;

type Login = BoxFuture<'static, Result<kube::Client, ClusterError>>;

/// Where an execution's logs are asked for.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) streams: Streams,
    pub(super) namespace: String,
    pub(super) container: String,
}

/// What is asked for of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Lines that are older are left out.
    pub(super) since: Option<Timestamp>,
    /// Whether to wait for more at the end.
    pub(super) follow: bool,
}

/// Why nothing more came.
#[derive(Debug, Error)]
pub(super) enum SourceError {
    #[error("nobody could log in")]
    NoLogin(#[source] ClusterError),
    #[error("its container has not started")]
    Waiting(#[source] kube::Error),
    #[error("there is no such Pod any more")]
    Gone(#[source] kube::Error),
    #[error("reading logs is not allowed")]
    Forbidden(#[source] kube::Error),
    #[error("it was not answered")]
    Unanswered(#[source] kube::Error),
    #[error("the stream broke off")]
    Broken(#[source] std::io::Error),
}

impl SourceError {
    /// Whether the node was reached, and has answered.
    pub(super) fn is_answer(&self) -> bool {
        match self {
            Self::Waiting(_) | Self::Gone(_) | Self::Forbidden(_) => true,
            Self::Unanswered(kube::Error::Api(status)) => status.code < 500,
            Self::NoLogin(_) | Self::Unanswered(_) | Self::Broken(_) => false,
        }
    }
}

impl Source {
    /// The log of this Pod, as it comes. Before the first byte of it nothing may come for as long as the container
    /// is silent, the head of the answer included.
    pub(super) fn read(
        &self,
        pod: &str,
        wanted: Wanted,
    ) -> impl Stream<Item = Result<Bytes, SourceError>> + use<> {
        let client = (self.streams)();
        let request = self.request(pod, wanted);
        let opened = async move {
            let client = client.await.map_err(SourceError::NoLogin)?;
            let request = request.map_err(SourceError::Unanswered)?;
            let body = client.request_stream(request).await.map_err(meaning)?;
            Ok(chunks(body))
        };
        // Boxed, what opening it needs is given back while it is read, which may be for days.
        stream::once(Box::pin(opened)).try_flatten()
    }

    fn request(&self, pod: &str, wanted: Wanted) -> Result<http::Request<Vec<u8>>, kube::Error> {
        let path = Pod::url_path(&(), Some(&self.namespace));
        let params = LogParams {
            container: Some(self.container.clone()),
            follow: wanted.follow,
            since_time: wanted.since,
            timestamps: true,
            ..LogParams::default()
        };
        let request = Request::new(path).logs(pod, &params);
        let mut request = request.map_err(kube::Error::BuildRequest)?;
        // What is packed arrives late, and kube unpacks the first of several packed parts only.
        let encoding = http::HeaderValue::from_static("identity");
        request.headers_mut().insert("accept-encoding", encoding);
        Ok(request)
    }
}

fn chunks(
    body: impl futures::AsyncBufRead + Unpin,
) -> impl Stream<Item = Result<Bytes, SourceError>> {
    stream::try_unfold(body, |mut body| async move {
        let chunk = body.fill_buf().await.map_err(SourceError::Broken)?;
        let chunk = Bytes::copy_from_slice(chunk);
        body.consume_unpin(chunk.len());
        Ok((!chunk.is_empty()).then_some((chunk, body)))
    })
}

/// Whether it is the Pod that is not found. A node that has just come back does not know its Pods yet, and says in
/// other words that it cannot find the log.
fn is_of_the_pod(message: &str) -> bool {
    message.starts_with("pods \"") && message.ends_with("\" not found")
}

/// What a refusal means. A container that waits is told in words only.
fn meaning(error: kube::Error) -> SourceError {
    let kube::Error::Api(status) = &error else {
        return SourceError::Unanswered(error);
    };
    match status.code {
        400 if status.message.contains("waiting to start") => SourceError::Waiting(error),
        404 if is_of_the_pod(&status.message) => SourceError::Gone(error),
        403 => SourceError::Forbidden(error),
        _ => SourceError::Unanswered(error),
    }
}
