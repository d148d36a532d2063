//! The connection that a request came by, to be cut instead of an answer; and as many of them as this process may have.

use std::any::Any;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::{HttpRequest, HttpResponse};
use rustix::net::{Shutdown, shutdown};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// More than any test opens, and few enough for programs that look at every descriptor that they could have.
const OPEN_FILES: u64 = 65_536;

/// A second handle of a connection.
#[derive(Debug, Clone)]
struct Connection(Arc<OwnedFd>);

/// Keeps a handle of each connection where its requests find it.
pub(crate) fn keep(connection: &dyn Any, data: &mut Extensions) {
    let stream = connection.downcast_ref::<TcpStream>();
    let handle = stream.and_then(|stream| stream.as_fd().try_clone_to_owned().ok());
    if let Some(handle) = handle {
        data.insert(Connection(Arc::new(handle)));
    }
}

/// Cuts the connection; the answer that is returned goes nowhere.
pub(crate) fn cut(request: &HttpRequest) -> HttpResponse {
    let connection = request.conn_data::<Connection>();
    let connection = connection.expect("every connection has been kept");
    // It fails only on a connection that is gone already.
    let _cut = shutdown(&*connection.0, Shutdown::Both);
    HttpResponse::InternalServerError().finish()
}

/// Takes what this process may have: each log that is followed is a connection, and each connection two descriptors.
pub(crate) fn allow_many() {
    let limit = getrlimit(Resource::Nofile);
    let enough = limit
        .maximum
        .map_or(OPEN_FILES, |most| most.min(OPEN_FILES));
    if limit.current.is_some_and(|current| current < enough) {
        let raised = Rlimit {
            current: Some(enough),
            maximum: limit.maximum,
        };
        // Where it is refused, a test that needs more than there is fails with an error that says so.
        let _raised = setrlimit(Resource::Nofile, raised);
    }
}
