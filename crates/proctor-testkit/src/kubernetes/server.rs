//! The double's HTTP server, on a thread of its own so that a test without a runtime can use it too.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use actix_web::web::{self, Data, PayloadConfig};
use actix_web::{App, HttpServer};

use super::cluster::Cluster;
use super::connection;
use super::http::handle;

const LARGEST_BODY_BYTES: usize = 4 << 20;

/// Clients that come at once wait for their turn, as before a real server. The 128 of the standard library are fewer
/// than what one proctord opens; whoever comes after them is reset in the end.
const WAITING_CLIENTS: i32 = 4_096;

/// As long as a real server keeps a connection that nobody uses. One that is closed just when it is used again is a
/// fault, and faults come when a test says so.
const IDLE_PATIENCE: Duration = Duration::from_secs(90);

pub(crate) struct Server {
    url: String,
    handle: ServerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub(crate) fn start(cluster: Data<Cluster>) -> Self {
        connection::allow_many();
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, cluster.settings.port));
        let listener = TcpListener::bind(wanted)
            .unwrap_or_else(|error| panic!("{wanted} cannot be listened on: {error}"));
        // It listens already: this only lets more of them wait.
        rustix::net::listen(&listener, WAITING_CLIENTS).expect("a bound socket can listen");
        let address = listener.local_addr().expect("it is bound");
        let (tell, told) = mpsc::channel();
        let thread = thread::spawn(move || {
            System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(cluster.clone())
                        .app_data(PayloadConfig::new(LARGEST_BODY_BYTES))
                        .default_service(web::to(handle))
                };
                let server = HttpServer::new(app)
                    .workers(1)
                    .keep_alive(IDLE_PATIENCE)
                    .disable_signals()
                    .on_connect(connection::keep)
                    .listen(listener)
                    .expect("a bound socket can be listened on")
                    .run();
                tell.send(server.handle()).expect("it is waited for");
                server.await.expect("the double serves until it is stopped");
            });
        });
        Self {
            url: format!("http://{address}"),
            handle: told.recv().expect("the server starts"),
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The order is given by the call; its future only tells when it is carried out.
        drop(self.handle.stop(false));
        if let Some(thread) = self.thread.take() {
            // A panic of the server has been told on standard error already.
            let _ended = thread.join();
        }
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
