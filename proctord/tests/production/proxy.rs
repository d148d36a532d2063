//! A way to the database that loses one answer when it is told to: what was asked is done there, and whoever
//! asked never hears of it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// Lets everything through until it is armed. It ends with the process.
pub struct Proxy {
    port: u16,
    armed: Arc<Mutex<Option<&'static str>>>,
}

impl Proxy {
    /// One that leads to this port.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = listener.local_addr().unwrap().port();
        let armed = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&armed);
        thread::spawn(move || {
            for client in listener.incoming() {
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                connect(client.unwrap(), server, Arc::clone(&shared));
            }
        });
        Self { port: own, armed }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Has it lose the answer to the next request that holds this word, and the connection with it.
    pub fn lose_answer_to(&self, word: &'static str) {
        *self.armed.lock().unwrap() = Some(word);
    }

    /// Whether it has.
    pub fn has_lost(&self) -> bool {
        self.armed.lock().unwrap().is_none()
    }
}

fn connect(client: TcpStream, server: TcpStream, armed: Arc<Mutex<Option<&'static str>>>) {
    let lost = Arc::new(AtomicBool::new(false));
    let (from_client, to_client) = (client.try_clone().unwrap(), client);
    let (from_server, to_server) = (server.try_clone().unwrap(), server);
    let losing = Arc::clone(&lost);
    thread::spawn(move || {
        carry(from_client, to_server, |bytes| {
            let mut armed = armed.lock().unwrap();
            let holds = |word: &str| {
                bytes
                    .windows(word.len())
                    .any(|part| part == word.as_bytes())
            };
            if armed.is_some_and(holds) {
                *armed = None;
                losing.store(true, Ordering::SeqCst);
            }
            true
        });
    });
    thread::spawn(move || carry(from_server, to_client, |_| !lost.load(Ordering::SeqCst)));
}

/// Carries bytes on as long as they may pass, then closes both ends.
fn carry(mut from: TcpStream, mut to: TcpStream, may_pass: impl Fn(&[u8]) -> bool) {
    let mut buffer = [0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !may_pass(&buffer[..length]) || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    // One of them may be closed already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
