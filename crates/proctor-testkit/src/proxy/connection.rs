//! One connection on its way through: both ends, and a thread for each direction.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::loss::Loss;
use super::way::{Direction, Gate};

#[derive(Debug)]
pub(super) struct Connection {
    number: usize,
    ends: Arc<Ends>,
    gate: Arc<Gate>,
    loss: Arc<Loss>,
    /// How often the way had been cut before.
    cuts: u64,
    /// Whether its next answer is to be lost.
    loses: AtomicBool,
}

/// Both sockets.
#[derive(Debug)]
pub(super) struct Ends {
    client: TcpStream,
    server: TcpStream,
}

impl Ends {
    pub(super) fn close(&self) {
        // One of them may be closed already.
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.server.shutdown(Shutdown::Both);
    }
}

impl Connection {
    pub(super) fn new(
        number: usize,
        client: TcpStream,
        server: TcpStream,
        gate: &Arc<Gate>,
        loss: &Arc<Loss>,
    ) -> Self {
        // What is small is to go at once, as without a proxy; a socket that does not take it works all the same.
        let _ = client.set_nodelay(true);
        let _ = server.set_nodelay(true);
        let ends = Arc::new(Ends { client, server });
        let cuts = gate.note(&ends);
        Self {
            number,
            ends,
            gate: Arc::clone(gate),
            loss: Arc::clone(loss),
            cuts,
            loses: AtomicBool::new(false),
        }
    }

    /// Carries on in both directions, until one end closes or the way is cut.
    pub(super) fn carry(self) {
        let there = Arc::new(self);
        let back = Arc::clone(&there);
        thread::spawn(move || there.carry_one_way(Direction::ToServer));
        thread::spawn(move || back.carry_one_way(Direction::ToClient));
    }

    fn carry_one_way(&self, direction: Direction) {
        let Ends { client, server } = &*self.ends;
        let (mut from, mut to) = match direction {
            Direction::ToServer => (client, server),
            Direction::ToClient => (server, client),
        };
        let mut buffer = [0; 64 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let bytes = &buffer[..length];
            let passes = self.gate.let_pass(direction, self.cuts) && !self.loses(direction, bytes);
            if !passes || to.write_all(bytes).is_err() {
                break;
            }
        }
        self.ends.close();
    }

    /// Whether these bytes are an answer that is to be lost; a request may be what makes it so.
    fn loses(&self, direction: Direction, bytes: &[u8]) -> bool {
        if direction == Direction::ToServer {
            if self.loss.hears(self.number, bytes) {
                self.loses.store(true, Ordering::SeqCst);
            }
            return false;
        }
        self.loses.load(Ordering::SeqCst)
    }
}
