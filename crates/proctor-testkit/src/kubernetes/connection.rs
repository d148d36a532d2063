//! The connection that a request came by, to be cut instead of an answer.

use std::any::Any;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use actix_web::{HttpRequest, HttpResponse};
use rustix::net::{Shutdown, shutdown};

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
