//! The HTTP server and the bounds that the kernel keeps for it.

use std::net::{SocketAddr, TcpListener};

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{HttpServer, web};
use anyhow::Context;
use rustix::net::sockopt;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::warn;

use crate::app::App;
use crate::config::HttpConfig;
use crate::http::{self, Settings};
use crate::tls::Tls;

/// How long requests in flight have when the service stops.
const STOP_PATIENCE_SECS: u64 = 5;
const HTTP_WORKERS: usize = 2;
/// Followers come back all at once after a restart: they wait for their turn. The kernel may allow fewer. Of more than
/// the standard library's 128 some would be turned away.
const WAITING_CLIENTS: i32 = 4_096;
const OPEN_FILES: u64 = 65_536;
/// What the kernel keeps for a client that reads slowly; by itself it would keep megabytes.
const SEND_BUFFER_BYTES: usize = 128 * 1024;
/// A client that takes nothing for so long is cut off by the kernel.
const STUCK_PATIENCE_MS: u32 = 10 * 60 * 1000;

/// Each running execution holds two descriptors: take what this process may have, but no more than programs
/// that look at every possible descriptor can bear, for they inherit it.
pub(super) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let enough = limit
        .maximum
        .map_or(OPEN_FILES, |most| most.min(OPEN_FILES));
    if limit.current.is_none_or(|current| current >= enough) {
        return;
    }
    let raised = Rlimit {
        current: Some(enough),
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        warn!(error = %error, "the limit on open files stays as it is");
    }
}

pub(super) fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let listener = TcpListener::bind(address).with_context(|| {
        format!(
            "cannot listen on {address}; PROCTOR_APP_PORT names another port, 0 takes a free one"
        )
    })?;
    // It listens already: this only lets more of them wait.
    rustix::net::listen(&listener, WAITING_CLIENTS).context("cannot let clients wait")?;
    // Connections take these over from the socket that they are accepted on.
    sockopt::set_socket_send_buffer_size(&listener, SEND_BUFFER_BYTES)
        .context("cannot bound the send buffers")?;
    sockopt::set_tcp_user_timeout(&listener, STUCK_PATIENCE_MS)
        .context("cannot bound how long a client may be stuck")?;
    Ok(listener)
}

pub(super) fn serve(
    listener: TcpListener,
    app: web::Data<App>,
    config: &HttpConfig,
    tls: Option<&Tls>,
) -> anyhow::Result<Server> {
    let settings = Settings::of(config, app.authentication.is_some());
    let settings = web::Data::new(settings);
    let factory = move || {
        actix_web::App::new()
            .app_data(app.clone())
            .app_data(settings.clone())
            // From the inside out: the last one sees a request first.
            .wrap(from_fn(http::layers::refuse_old_clients))
            .wrap(from_fn(http::layers::refuse_foreign_pages))
            .wrap(from_fn(http::layers::refuse_what_is_too_large))
            .wrap(from_fn(http::layers::shape_errors))
            .wrap(from_fn(http::layers::count_refusals))
            .wrap(from_fn(http::layers::measure))
            .configure(http::configure)
    };
    let connections = (config.max_connections.get() as usize).div_ceil(HTTP_WORKERS);
    let server = HttpServer::new(factory)
        .workers(HTTP_WORKERS)
        .max_connections(connections)
        // Handshakes that nobody goes on with must not keep others from theirs: only connections are counted.
        .max_connection_rate(connections)
        .tls_handshake_timeout(config.head_timeout)
        .client_request_timeout(config.head_timeout)
        .shutdown_timeout(STOP_PATIENCE_SECS)
        .disable_signals();
    let server = match tls {
        // It adds what it speaks above TLS, which is HTTP/1.1 alone.
        Some(tls) => server.listen_rustls_0_23(listener, tls.server_config()?),
        None => server.listen(listener),
    };
    let server = server.context("cannot serve")?;
    Ok(server.run())
}
