//! A way to a server that can be cut, stalled, slowed and made to lose answers, while the server itself is well and
//! others reach it. It carries bytes and knows no protocol.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

mod connection;
mod loss;
mod way;

use connection::Connection;
use loss::Loss;
use way::Gate;

pub use way::Way;

/// A port that leads to another one. It ends with the process.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    gate: Arc<Gate>,
    loss: Arc<Loss>,
}

impl Proxy {
    /// One that leads to this port of loopback, and lets everything through.
    ///
    /// # Panics
    /// No port is free.
    #[must_use]
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let own = listener.local_addr().expect("it is bound").port();
        let (gate, loss) = (Arc::new(Gate::default()), Arc::new(Loss::default()));
        let shared = (Arc::clone(&gate), Arc::clone(&loss));
        thread::spawn(move || {
            for (number, client) in listener.incoming().enumerate() {
                // Whoever has gone already needs no connection, and whoever is cut off gets none.
                let (Ok(client), false) = (client, shared.0.is_cut()) else {
                    continue;
                };
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else {
                    continue;
                };
                Connection::new(number, client, server, &shared.0, &shared.1).carry();
            }
        });
        Self {
            port: own,
            gate,
            loss,
        }
    }

    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// From now on this becomes of what comes, on connections that are open as well.
    pub fn set(&self, way: Way) {
        self.gate.set(way);
    }

    /// Has it lose an answer, and the connection with it: to the request that holds the last of these words,
    /// after requests on the same connection that held those before it.
    pub fn lose_answer_to(&self, words: &[&'static str]) {
        self.loss.arm(words);
    }

    /// Whether it has.
    #[must_use]
    pub fn has_lost(&self) -> bool {
        !self.loss.is_armed()
    }
}
